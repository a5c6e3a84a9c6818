"""One device: its hardware, its enrolment, and what is installed on it. Stored in a folder, or only in memory.

`device.json` holds identity, enrolment, mail accounts and the settings of mail apps, `keystore.json` the keys,
`platform.json` the platform's own state. `device.json` is written last: a crash in between leaves the older enrolment,
and the service's policy is applied once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random, SystemRandom
from types import MappingProxyType
from typing import Any

from fauxtune_sim.device.enrollment import Enrollment, PlatformState, RecordTypes
from fauxtune_sim.device.outcomes import Outcome, ProgramOutcome, Programs, ScriptOutcomes
from fauxtune_sim.device.state_folder import Condition, Refusals, StateFolder
from fauxtune_sim.errors import NotFoundHere, StateBroken
from fauxtune_sim.facts.device_facts import new_hardware, read_facts, read_hardware, report
from fauxtune_sim.facts.table import FactValue, Hardware
from fauxtune_sim.keys.keystore import KeyStore
from fauxtune_sim.mail.accounts import CONTACTS, AppSettings, MailAccount, forget_mail
from fauxtune_sim.platforms import Kind, Mode, Platform, kind_of

_FACTS, _KEYS, _STATE = "device.json", "keystore.json", "platform.json"


@dataclass(slots=True)
class Device:
    """A device. With a `folder` it is saved there; without one it exists in memory only (fleets, tests).

    `mode` is for Android, None on other platforms; `state` is the platform's own state, created by its agent, or None.
    A platform's package narrows `hardware`, `enrollment` and `state` to its own classes.
    """

    name: str
    platform: Platform
    mode: Mode | None
    hardware: Hardware
    enrollment: Enrollment | None = None
    keystore: KeyStore = field(default_factory=KeyStore)
    accounts: dict[str, MailAccount] = field(default_factory=dict)
    #: The accounts that the user added by hand.
    own_accounts: dict[str, MailAccount] = field(default_factory=dict)
    #: The versions of the apps that management installed, by their packages.
    apps: dict[str, str] = field(default_factory=dict)
    #: The settings that management has set on a platform without a state of its own, by their addresses.
    own_settings: dict[str, Any] = field(default_factory=dict)
    #: The user's settings in mail apps, by the names of the apps.
    mail_apps: dict[str, AppSettings] = field(default_factory=dict)
    state: PlatformState | None = None
    folder: StateFolder | None = None
    #: PEM of the authorities by which the service's TLS certificate is verified; None: the system's.
    ca: bytes | None = None
    #: The reason why the last enrolment ended, for a person who looks at the folder later.
    ended: str | None = None
    condition: Condition = field(default_factory=Condition)
    #: The deliveries that the owner has set the device to refuse.
    refusals: Refusals = field(default_factory=Refusals)
    #: The outcomes of scripts that the owner has declared.
    scripts: ScriptOutcomes = field(default_factory=ScriptOutcomes)
    #: The apps of the management agent, and what becomes of them.
    programs: Programs = field(default_factory=Programs)
    #: The facts beside hardware and name, by their names in `facts.table`.
    own_facts: dict[str, FactValue] = field(default_factory=dict)
    #: Whether facts have changed since the device's last check-in.
    has_news: bool = False

    @classmethod
    def new(
        cls,
        name: str | None = None,
        *,
        platform: Platform = Platform.ANDROID,
        mode: Mode | None = None,
        os_version: str | None = None,
        folder: Path | None = None,
        owner: str | None = None,
        random: Random | None = None,
    ) -> Device:
        """Create a device in its factory state, not saved yet. `owner` is the name of its user, if it is known; a
        seeded `random` generates the same device again.

        Raises NotFoundHere for a mode or a system version that is not simulated.
        """
        kind, source = kind_of(platform, mode), SystemRandom() if random is None else random
        hardware = new_hardware(kind.platform, os_version, mode=kind.mode, random=source)
        return cls(
            name=name or hardware.suggested_name(source, owner=owner),
            platform=kind.platform,
            mode=kind.mode,
            hardware=hardware,
            own_facts=hardware.first_facts(kind.platform, source),
            folder=None if folder is None else StateFolder(folder),
        )

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether a folder holds a device."""
        return (path / _FACTS).is_file()

    @classmethod
    def load(cls, path: Path, records_of: Callable[[Platform], RecordTypes]) -> Device:
        """Load the device of a folder (`agents.load_device` knows the records of every platform).

        Raises NotFoundHere if there is no device, StateBroken if a file is damaged.
        """
        return cls.load_from(StateFolder(path), records_of)

    @classmethod
    def load_from(cls, folder: StateFolder, records_of: Callable[[Platform], RecordTypes]) -> Device:
        """Load the device of an opened folder. Raises as `load`."""
        path, facts = folder.path, folder.read_json(_FACTS)
        if facts is None:
            raise NotFoundHere(f"{path} holds no device: `enroll --state {path}` makes one")
        try:
            return cls._read(facts, folder=folder, records_of=records_of)
        except (KeyError, TypeError, ValueError, AttributeError) as damaged:
            raise StateBroken(f"{path / _FACTS} is damaged: {damaged!r}") from damaged

    @classmethod
    def _read(
        cls, facts: dict[str, Any], *, folder: StateFolder, records_of: Callable[[Platform], RecordTypes]
    ) -> Device:
        platform, mode, enrollment = Platform(facts["platform"]), facts["mode"], facts["enrollment"]
        records, hardware = records_of(platform), read_hardware(platform, facts["hardware"])
        return cls(
            name=facts["name"],
            platform=platform,
            mode=None if mode is None else Mode(mode),
            hardware=hardware,
            enrollment=None if enrollment is None else records.enrollment.from_document(enrollment),
            keystore=KeyStore.from_document(folder.read_json(_KEYS) or {"entries": [], "trusted": []}),
            accounts={row["id"]: MailAccount(**row) for row in facts.get("accounts", ())},
            own_accounts={row["id"]: MailAccount(**row) for row in facts.get("ownAccounts", ())},
            apps=dict(facts.get("apps", {})),
            own_settings=dict(facts.get("settings", {})),
            mail_apps={name: AppSettings(**row) for name, row in facts.get("mailApps", {}).items()},
            state=_read_state(records, folder),
            folder=folder,
            ca=None if facts["ca"] is None else facts["ca"].encode(),
            ended=facts["ended"],
            condition=Condition.from_document(facts.get("condition")),
            refusals=Refusals.from_document(facts.get("refusals")),
            scripts=ScriptOutcomes.from_document(facts.get("scripts")),
            programs=Programs.from_document(facts.get("programs")),
            own_facts=_read_own_facts(facts, hardware=hardware, platform=platform),
            has_news=bool(facts.get("hasNews", False)),
        )

    @property
    def is_enrolled(self) -> bool:
        """Whether the device is enrolled now."""
        return self.enrollment is not None

    @property
    def demands(self) -> dict[str, str]:
        """The id of the server of its enrolment, by its address; nothing if the server has none."""
        server_id = None if self.enrollment is None else self.enrollment.server_id
        return {} if self.enrollment is None or server_id is None else {self.enrollment.server: server_id}

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings that management has set, by their addresses on the wire of the platform."""
        return MappingProxyType(self.own_settings if self.state is None else self.state.settings())

    @property
    def kind(self) -> Kind:
        """Platform and mode."""
        return Kind(self.platform, self.mode)

    @property
    def facts(self) -> Mapping[str, FactValue]:
        """What the device reports of itself, by Graph's names; facts that it does not have are missing."""
        return MappingProxyType(read_facts(self))

    def report(self, /, **facts: FactValue) -> None:
        """Change facts, such as `isEncrypted=False`: the device reports them at its next check-in. It is not saved.

        All of them change or, if one is refused, none. Raises NotFoundHere for a name that is not a fact of this kind
        of device, FactRefused for a value that it cannot have.
        """
        report(self, facts)

    def save(self, *, keys: bool = True, state: bool = True) -> None:
        """Save the device to its folder, if it has one; `keys=False` or `state=False` skips what has not changed."""
        if self.folder is None:
            return
        forget_mail(self.folder, except_of=[*self.accounts, *self.own_accounts])
        if keys:
            self.folder.write_json(_KEYS, self.keystore.document())
        if state and self.state is not None:
            self.folder.write_json(_STATE, self.state.document())
        self.folder.write_json(
            _FACTS,
            {
                "name": self.name,
                "platform": self.platform,
                "mode": self.mode,
                "hardware": self.hardware.document(),
                "enrollment": None if self.enrollment is None else self.enrollment.document(),
                "accounts": [asdict(account) for account in self.accounts.values()],
                "ownAccounts": [asdict(account) for account in self.own_accounts.values()],
                "apps": self.apps,
                "settings": self.own_settings,
                "mailApps": {name: asdict(settings) for name, settings in self.mail_apps.items()},
                "ca": None if self.ca is None else self.ca.decode(),
                "ended": self.ended,
                "condition": self.condition.document(),
                "refusals": self.refusals.document(),
                "scripts": self.scripts.document(),
                "programs": self.programs.document(),
                "facts": self.own_facts,
                "hasNews": self.has_news,
            },
        )

    def refuse(self, kind: str, code: int | None = None) -> None:
        """Refuse deliveries of a kind from now on, and save that: `root`, `pkcs`, `imported`, `scep`, `email`,
        `setting` or `app`.

        `code` is the error code to answer: an ErrorCode of Apple, a SyncML status or a Windows error number; an Android
        device names it in its text. What is installed already stays. Raises NotFoundHere for an unknown kind,
        NotAllowedHere for a number that is no error code.
        """
        self.refusals.refuse(kind, code)
        self.save(keys=False, state=False)

    def accept(self, kind: str | None = None) -> None:
        """Accept deliveries of a kind again (None: of every kind), and save that."""
        for refusal in [refusal for refusal in self.refusals if kind in {None, refusal}]:
            del self.refusals[refusal]
        self.save(keys=False, state=False)

    def runs(
        self,
        script: str,
        *,
        exit_code: int = 0,
        output: str = "",
        error: str = "",
        remediation: int = 0,
        fixes: bool = True,
    ) -> None:
        """Declare the outcome of a script, by its name or id, from now on, and save that. Its text is never run.

        Of a remediation, exit code 1 is an issue that the detection finds; `remediation` is the exit code of the script
        that follows, and `fixes` whether the issue is gone then. Raises NotAllowedHere for a code of more than 32 bits.
        """
        self.scripts.declare(script, Outcome(exit_code, output, error, remediation, fixes))
        self.save(keys=False, state=False)

    def installs(self, app: str, *, exit_code: int = 0, before: bool | None = None, after: bool | None = None) -> None:
        """Declare what becomes of an app that the management agent installs, by its name or id, and save that: the exit
        code of its installer, and whether it is detected before and after (None: as the code says).

        Raises NotAllowedHere for an exit code of more than 32 bits.
        """
        self.programs.declare(app, ProgramOutcome(exit_code, before, after))
        self.save(keys=False, state=False)

    def remove_management(self, why: str, *, certificates: bool = True) -> None:
        """Remove what management installed: accounts with their contacts, credential, identity, and, if `certificates`,
        keys and trusted certificates.

        The key store's file is removed first, so that no crash leaves keys of an enrolment that has ended.
        """
        if certificates:
            self.keystore.clear()
        self.accounts.clear()
        # The device finds the mail server by its enrolment: without it the user's own account leads nowhere.
        self.own_accounts.clear()
        self.apps.clear()
        self.own_settings.clear()
        self.mail_apps.clear()
        self.state = None if self.state is None else type(self.state)()
        if self.folder is not None:
            if certificates:
                self.folder.remove(_KEYS)
            self.folder.remove(_STATE)
            self.folder.remove(CONTACTS)
            forget_mail(self.folder)
        self.enrollment = None
        self.ended = why
        self.save(keys=False, state=False)


def _read_own_facts(document: dict[str, Any], *, hardware: Hardware, platform: Platform) -> dict[str, FactValue]:
    """The stored facts; for a folder of an earlier version those of a new device, which are always the same ones."""
    stored = document.get("facts")
    if stored is None:
        return hardware.first_facts(platform, Random(hardware.serial_number))  # noqa: S311 - facts are no secret
    return dict(stored)


def _read_state(records: RecordTypes, folder: StateFolder) -> PlatformState | None:
    if records.state is None:
        return None
    document = folder.read_json(_STATE)
    try:
        return records.state() if document is None else records.state.from_document(document)
    except (KeyError, TypeError, ValueError, AttributeError) as damaged:
        raise StateBroken(f"{folder.path / _STATE} is damaged: {damaged!r}") from damaged
