"""One device: what it is, what it is enrolled in, what is installed on it. Kept in a folder, or only in memory.

`device.json` holds identity, enrolment and mail accounts, `keystore.json` the keys. The key store is written first: a
crash in between leaves the older policy version, and the device applies the policy once more.
"""

from __future__ import annotations

import base64
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509

from fauxtune_sim.accounts import MailAccount
from fauxtune_sim.condition import Condition
from fauxtune_sim.errors import NotFoundHere, StateBroken
from fauxtune_sim.hardware import Hardware
from fauxtune_sim.identity import DeviceIdentity, key_from_der
from fauxtune_sim.keystore import KeyStore
from fauxtune_sim.platforms import Mode, Platform
from fauxtune_sim.statefolder import StateFolder

_FACTS, _KEYS = "device.json", "keystore.json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something in the policy that the device could not apply, and why; reported with every status until it goes."""

    setting: str
    path: str
    why: str


@dataclass(slots=True)
class Enrollment:
    """The relation with the service: where it is, who we are there, and what we last applied.

    `server` has no trailing slash; `name` is the path of this device below the service's base; times are ISO texts on
    the tenant's clock, None while the device has not been told the time.
    """

    server: str
    tenant: str
    name: str
    credential: str
    identity_certificate: bytes
    identity_key: bytes
    policy_name: str
    user_principal_name: str
    push_token: str
    policy_version: str = "0"
    refusals: tuple[Refusal, ...] = ()
    enrolled_at: str | None = None
    checked_in_at: str | None = None
    _identity: DeviceIdentity | None = field(default=None, repr=False, compare=False)

    def identity(self) -> DeviceIdentity:
        """The identity certificate with its key, opened once."""
        if self._identity is None:
            self._identity = DeviceIdentity(
                certificate=x509.load_der_x509_certificate(self.identity_certificate),
                key=key_from_der(self.identity_key),
            )
        return self._identity

    def document(self) -> dict[str, Any]:
        """The enrolment as JSON, secrets included."""
        document = {name: getattr(self, name) for name in self.__slots__ if not name.startswith("_")}
        document["refusals"] = [asdict(one) for one in self.refusals]
        for name in ("identity_certificate", "identity_key"):
            document[name] = base64.b64encode(document[name]).decode()
        return document

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Enrollment:
        """The reverse of `document`."""
        values = dict(document)
        values["refusals"] = tuple(Refusal(**one) for one in values["refusals"])
        for name in ("identity_certificate", "identity_key"):
            values[name] = base64.b64decode(values[name])
        return cls(**values)


@dataclass(slots=True)
class Device:
    """A device. With a `folder` every change is kept there; without one it lives in memory (fleets, tests)."""

    name: str
    platform: Platform
    mode: Mode
    hardware: Hardware
    enrollment: Enrollment | None = None
    keystore: KeyStore = field(default_factory=KeyStore)
    accounts: dict[str, MailAccount] = field(default_factory=dict)
    folder: StateFolder | None = None
    #: PEM of the authorities that the service's TLS certificate is checked against; None: the system's.
    ca: bytes | None = None
    #: Why the last enrolment ended, for the person who looks at the folder later.
    ended: str | None = None
    condition: Condition = field(default_factory=Condition)

    @classmethod
    def new(
        cls,
        name: str | None = None,
        *,
        mode: Mode = Mode.WORK_PROFILE,
        os_version: str = "14",
        folder: Path | None = None,
    ) -> Device:
        """A device fresh from the box, not written to disk yet."""
        hardware = Hardware.android(os_version)
        return cls(
            name=name or f"{re.sub(r'[^A-Za-z0-9]+', '-', hardware.model)}-{hardware.android_id[:6]}",
            platform=Platform.ANDROID,
            mode=mode,
            hardware=hardware,
            folder=None if folder is None else StateFolder(folder),
        )

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether a folder holds a device."""
        return (path / _FACTS).is_file()

    @classmethod
    def load(cls, path: Path) -> Device:
        """The device of a folder; NotFoundHere if there is none, StateBroken if its files are damaged."""
        folder = StateFolder(path)
        facts = folder.read_json(_FACTS)
        if facts is None:
            raise NotFoundHere(f"{path} holds no device: `enroll --state {path}` makes one")
        try:
            enrollment = facts["enrollment"]
            return cls(
                name=facts["name"],
                platform=Platform(facts["platform"]),
                mode=Mode(facts["mode"]),
                hardware=Hardware(**facts["hardware"]),
                enrollment=None if enrollment is None else Enrollment.from_document(enrollment),
                keystore=KeyStore.from_document(folder.read_json(_KEYS) or {"entries": [], "trusted": []}),
                accounts={one["id"]: MailAccount(**one) for one in facts.get("accounts", ())},
                folder=folder,
                ca=None if facts["ca"] is None else facts["ca"].encode(),
                ended=facts["ended"],
                condition=Condition.from_document(facts.get("condition")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as damaged:
            raise StateBroken(f"{path / _FACTS} is damaged: {damaged!r}") from damaged

    @property
    def is_enrolled(self) -> bool:
        """Whether the device is managed at present."""
        return self.enrollment is not None

    def save(self, *, keys: bool = True) -> None:
        """Write the device to its folder, if it has one; `keys=False` where the key store has not changed."""
        if self.folder is None:
            return
        if keys:
            self.folder.write_json(_KEYS, self.keystore.document())
        self.folder.write_json(
            _FACTS,
            {
                "name": self.name,
                "platform": self.platform,
                "mode": self.mode,
                "hardware": self.hardware.document(),
                "enrollment": None if self.enrollment is None else self.enrollment.document(),
                "accounts": [asdict(one) for one in self.accounts.values()],
                "ca": None if self.ca is None else self.ca.decode(),
                "ended": self.ended,
                "condition": self.condition.document(),
            },
        )

    def forget_managed(self, why: str) -> None:
        """Forget everything that management brought: accounts, keys, trusted certificates, credential, identity.

        The key store's file goes first, so that no crash leaves keys of an enrolment that is over.
        """
        self.keystore.clear()
        self.accounts.clear()
        if self.folder is not None:
            self.folder.remove(_KEYS)
        self.enrollment = None
        self.ended = why
        self.save(keys=False)
