"""Installing, replacing and removing profiles: all of a profile or nothing of it.

Every payload is prepared first; what fails then leaves the device as it was. In a profile that follows another of the
same identifier, payloads with the same identifier, UUID and content stay as they are; the rest is exchanged (Apple:
"Configuration Profile Reference", PayloadIdentifier and PayloadUUID).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from fauxtune_sim.apple import payloads as kinds
from fauxtune_sim.apple.enrollment import AppleEnrollment
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.keychain import Keychain
from fauxtune_sim.apple.mail_account import EXCHANGE, MAIL, account, user_name
from fauxtune_sim.apple.mdm import MdmSettings, check_replacement, mdm_payload, read_mdm
from fauxtune_sim.apple.profiles import Payload, Profile
from fauxtune_sim.apple.scep import ScepSettings
from fauxtune_sim.apple.store import HeldProfile, ProfileStore
from fauxtune_sim.apple.system import System
from fauxtune_sim.device import Device
from fauxtune_sim.errors import StateBroken
from fauxtune_sim.identity import DeviceIdentity, key_from_der
from fauxtune_sim.keystore import KeyEntry
from fauxtune_sim.mail_accounts import MailAccount
from fauxtune_sim.smime_settings import SmimeSettings

#: Gets an identity from a SCEP authority, as the follower of another where there is one.
Issue = Callable[[ScepSettings, DeviceIdentity | None], Awaitable[DeviceIdentity]]

#: TargetDeviceType.
_PHONE_TARGET, _MAC_TARGET = 1, 5


@dataclass(slots=True)
class Staged:
    """A profile, ready to be installed. The dictionaries are by PayloadUUID; `kept` are payloads that stay."""

    profile: Profile
    identities: dict[str, KeyEntry] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)
    accounts: dict[str, MailAccount] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    mdm: MdmSettings | None = None
    #: The identity that the MDM payload names: None if it is the one that the device has already.
    mdm_identity: KeyEntry | None = None


class Installer:
    """Installs on one device."""

    def __init__(self, device: Device, *, system: System, macros: Mapping[str, str], issue: Issue) -> None:
        assert isinstance(device.state, ProfileStore)
        self._device = device
        self._store = device.state
        self._keychain = Keychain(device.keystore, device.state, accounts=device.accounts)
        self._system = system
        self._macros = macros
        self._issue = issue

    async def prepare(self, profile: Profile) -> Staged:
        """Make everything that the profile needs, without touching the device. Fault 4001, with its cause below."""
        staged = Staged(profile)
        try:
            self._check_target(profile)
            mdm = mdm_payload(profile)
            if mdm is not None:
                staged.mdm = read_mdm(mdm)
            self._check_relation(staged)
            for payload in sorted(profile.payloads, key=kinds.rank):
                await self._prepare(payload, staged)
            self._take_mdm_identity(staged)
        except Fault as cause:
            text = f"the profile {profile.title} could not be installed"
            raise Fault(Code.INSTALL_FAILED, text, cause=cause) from cause
        return staged

    def _check_target(self, profile: Profile) -> None:
        if profile.target not in {0, _MAC_TARGET if self._system.is_mac else _PHONE_TARGET}:
            raise Fault(Code.PROFILE_VALUE, f"TargetDeviceType {profile.target} is another kind of device")

    def _check_relation(self, staged: Staged) -> None:
        """Whether the profile and the one that manages the device can be together."""
        enrollment, identifier = self._enrollment(), staged.profile.identifier
        if enrollment is None:
            return
        if identifier == enrollment.profile:
            if staged.mdm is None:
                raise Fault(Code.REPLACEMENT_WITHOUT_MDM, "the profile that manages this device must stay one")
            check_replacement(staged.mdm, enrollment)
        elif staged.mdm is not None:
            raise Fault(Code.MULTIPLE_MDM, "this device is managed already")

    async def _prepare(self, payload: Payload, staged: Staged) -> None:
        if payload.type in {EXCHANGE, MAIL}:
            self._prepare_account(payload, staged)
        elif self._is_unchanged(payload, staged):
            staged.kept.add(payload.uuid)
        elif payload.type == kinds.PKCS12:
            entry = kinds.identity(payload, self._system, profile=staged.profile.identifier)
            staged.identities[payload.uuid] = entry
        elif payload.type == kinds.SCEP:
            settings = kinds.scep_settings(payload, self._macros)
            given = await self._issue(settings, self._followed(payload, staged))
            staged.identities[payload.uuid] = kinds.issued(payload, given)
        elif payload.type in kinds.CERTIFICATES:
            staged.certificates[payload.uuid] = kinds.certificate(payload)

    def _is_unchanged(self, payload: Payload, staged: Staged) -> bool:
        held = self._store.profiles.get(staged.profile.identifier)
        old = None if held is None else held.payload(payload.uuid)
        return old is not None and (old.identifier, old.digest) == (payload.identifier, payload.digest)

    def _followed(self, payload: Payload, staged: Staged) -> DeviceIdentity | None:
        """The identity that a scep payload renews: the device's own, if it came from a scep payload too.

        Unverified: that a device renews rather than asks anew.
        """
        enrollment, held = self._enrollment(), self._store.profiles.get(staged.profile.identifier)
        if enrollment is None or held is None or staged.mdm is None or staged.mdm.identity != payload.uuid:
            return None
        return enrollment.identity() if any(one.type == kinds.SCEP for one in held.payloads) else None

    def _prepare_account(self, payload: Payload, staged: Staged) -> None:
        if payload.type == EXCHANGE and not self._system.has_exchange_accounts:
            return
        profile, identifier = staged.profile.identifier, payload.identifier
        name = identifier if identifier.startswith(profile) else f"{profile}/{identifier}"
        made = account(payload, self._system, name=name, resolve=lambda uuid: self._resolved(uuid, staged))
        own = self._keychain.accounts_of(profile)
        for other in self._device.accounts.values():
            same = (other.address, other.host, user_name(other)) == (made.address, made.host, user_name(made))
            if same and other.id not in own:
                raise Fault(Code.ACCOUNT_NOT_UNIQUE, f"there is an account for {made.address} at {made.host} already")
        staged.accounts[payload.uuid] = self._with_choices(made)

    def _with_choices(self, made: MailAccount) -> MailAccount:
        """The account with what its user chose before it was configured anew."""
        old = self._device.accounts.get(made.id)
        if old is None or old.smime is None or made.smime is None:
            return made
        smime = replace(SmimeSettings.from_document(made.smime), choices=SmimeSettings.from_document(old.smime).choices)
        return replace(made, smime=smime.document())

    def _resolved(self, uuid: str, staged: Staged) -> KeyEntry | None:
        """The identity that a payload of this profile has or will have."""
        return staged.identities.get(uuid) or (
            self._keychain.identity_of(staged.profile.identifier, uuid) if uuid in staged.kept else None
        )

    def _take_mdm_identity(self, staged: Staged) -> None:
        """The identity that the device manages itself with stands apart: mail neither signs nor decrypts with it."""
        if staged.mdm is None:
            return
        staged.mdm_identity = staged.identities.pop(staged.mdm.identity, None)
        enrollment = self._enrollment()
        has_it = enrollment is not None and staged.mdm.identity in staged.kept
        if staged.mdm_identity is None and not has_it:
            raise Fault(Code.MDM_IDENTITY_MISSING, "the profile has no identity that its MDM payload names")
        try:
            _ = None if staged.mdm_identity is None else key_from_der(staged.mdm_identity.key)
        except StateBroken as broken:
            # Differs from a device: an identity with an elliptic curve does for mail, but not for MDM.
            raise Fault(Code.MDM_IDENTITY_MISSING, str(broken)) from broken

    def install(self, staged: Staged) -> list[str]:
        """Install what was prepared; gives the profile's title, or nothing if it was there already as it is."""
        identifier, held = staged.profile.identifier, self._store.profiles.get(staged.profile.identifier)
        before = dict(self._device.accounts)
        for uuid, entry in staged.identities.items():
            self._keychain.hold_identity(identifier, uuid, entry=entry)
        for uuid, der in staged.certificates.items():
            self._keychain.hold_certificate(identifier, uuid, der=der)
        for uuid, made in staged.accounts.items():
            self._keychain.hold_account(identifier, uuid, account=self._with_login(made, identifier))
        stays = staged.kept | staged.identities.keys() | staged.certificates.keys() | staged.accounts.keys()
        for old in () if held is None else held.payloads:
            if old.uuid not in stays:
                self._keychain.release(identifier, old.uuid)
        self._store.profiles[identifier] = staged.profile.held
        changed = held != staged.profile.held or before != self._device.accounts
        return [staged.profile.title] if changed else []

    def _with_login(self, made: MailAccount, profile: str) -> MailAccount:
        login = made.configuration.get("PayloadCertificateUUID")
        entry = self._keychain.identity_of(profile, login) if isinstance(login, str) else None
        return made if entry is None else replace(made, login_alias=entry.alias)

    def remove(self, identifier: str) -> HeldProfile | None:
        """Remove a profile with all that only it held; None if it is not installed."""
        held = self._store.profiles.pop(identifier, None)
        if held is not None:
            self._keychain.release(identifier)
        return held

    def remove_managed(self) -> list[str]:
        """Remove everything that MDM brought, its own profile with it; gives the titles of the profiles."""
        enrollment = self._enrollment()
        own = "" if enrollment is None else enrollment.profile
        names = [one.identifier for one in self._store.profiles.values() if one.managed or one.identifier == own]
        gone = [held for name in names if (held := self.remove(name)) is not None]
        return [one.display_name or one.identifier for one in gone]

    def _enrollment(self) -> AppleEnrollment | None:
        enrollment = self._device.enrollment
        return enrollment if isinstance(enrollment, AppleEnrollment) else None
