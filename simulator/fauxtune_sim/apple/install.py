"""Install, replace and remove profiles, each as a whole.

All payloads are prepared first; a failure then leaves the device unchanged. If a profile replaces another with the same
identifier, payloads with the same identifier, UUID and content stay as they are; the others are exchanged (Apple:
"Configuration Profile Reference", PayloadIdentifier and PayloadUUID).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from fauxtune_sim.apple import payloads as kinds
from fauxtune_sim.apple import profiles
from fauxtune_sim.apple.enrollment import AppleEnrollment, MdmSettings, check_replacement, mdm_payload, read_mdm
from fauxtune_sim.apple.facts import System
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.mail_account import EXCHANGE, MAIL, account, user_name
from fauxtune_sim.apple.profiles import Payload, Profile
from fauxtune_sim.apple.store import InstalledProfile, Keychain, ProfileStore
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.errors import StateBroken
from fauxtune_sim.keys.keystore import DeviceIdentity, KeyEntry, key_from_der
from fauxtune_sim.mail.accounts import MailAccount
from fauxtune_sim.mail.smime_settings import SmimeSettings
from fauxtune_sim.scep.csr import ScepFailed, ScepSettings
from fauxtune_sim.scep.enroller import Issued, present_identity

#: Requests an identity from a SCEP authority, as the renewal of another identity or (None) as a new one.
Issue = Callable[[ScepSettings, DeviceIdentity | None], Awaitable[Issued]]

#: TargetDeviceType.
_PHONE_TARGET, _MAC_TARGET = 1, 5


@dataclass(slots=True)
class StagedProfile:
    """A profile that is ready to be installed. The keys are PayloadUUIDs; `unchanged` are payloads that stay."""

    profile: Profile
    identities: dict[str, KeyEntry] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)
    accounts: dict[str, MailAccount] = field(default_factory=dict)
    unchanged: set[str] = field(default_factory=set)
    mdm: MdmSettings | None = None
    #: The identity that the MDM payload names; None if the device has it already.
    mdm_identity: KeyEntry | None = None
    #: The certificate for which the recovery key of FileVault is escrowed.
    escrow: bytes | None = None


class Installer:
    """Installs and removes profiles on one device."""

    def __init__(self, device: Device, *, system: System, macros: Mapping[str, str], issue: Issue) -> None:
        assert isinstance(device.state, ProfileStore)
        self._device = device
        self._store = device.state
        self._keychain = Keychain(device.keystore, device.state, accounts=device.accounts)
        self._system = system
        self._macros = macros
        self._issue = issue

    async def prepare(self, profile: Profile) -> StagedProfile:
        """Prepare everything that the profile needs, without changing the device. Raises Fault 4001 with its cause."""
        staged = StagedProfile(profile)
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
            raise Fault(Code.PROFILE_VALUE, f"TargetDeviceType {profile.target} is for another kind of device")

    def _check_relation(self, staged: StagedProfile) -> None:
        """Check that the profile is compatible with the MDM profile of the enrolment. Raises Fault if not."""
        enrollment, identifier = self._enrollment(), staged.profile.identifier
        if enrollment is None:
            return
        if identifier == enrollment.profile:
            if staged.mdm is None:
                text = "the profile that manages this device cannot be replaced by one without an MDM payload"
                raise Fault(Code.REPLACEMENT_WITHOUT_MDM, text)
            check_replacement(staged.mdm, enrollment)
        elif staged.mdm is not None:
            raise Fault(Code.MULTIPLE_MDM, "this device is managed already")

    async def _prepare(self, payload: Payload, staged: StagedProfile) -> None:
        is_unchanged = self._is_unchanged(payload, staged)
        if payload.type in {EXCHANGE, MAIL}:
            if not is_unchanged:
                self._check_accepted(Delivery.EMAIL, staged)
            self._prepare_account(payload, staged)
        elif is_unchanged:
            staged.unchanged.add(payload.uuid)
        elif payload.type == kinds.PKCS12:
            entry = kinds.identity(payload, self._system, profile=staged.profile.identifier)
            self._check_accepted(entry.source, staged)
            staged.identities[payload.uuid] = entry
        elif payload.type == kinds.SCEP:
            self._check_accepted(Delivery.SCEP, staged)
            settings = kinds.scep_settings(payload, self._macros)
            try:
                issued = await self._issue(settings, self._renewed_identity(payload, staged, settings=settings))
            except ScepFailed as failed:
                raise Fault.of_scep(failed) from failed
            staged.identities[payload.uuid] = kinds.scep_identity(
                payload, issued, profile=staged.profile.identifier, settings=settings, system=self._system
            )
        elif payload.type in kinds.CERTIFICATES:
            self._check_accepted(Delivery.ROOT, staged)
            staged.certificates[payload.uuid] = kinds.certificate(payload)
        elif payload.type == kinds.ESCROW and self._system.is_mac:
            staged.escrow = kinds.escrow_certificate(payload, staged.certificates)
        else:
            self._check_settings(payload, staged)

    def _check_settings(self, payload: Payload, staged: StagedProfile) -> None:
        installed = staged.profile.installed.payload(payload.uuid)
        if installed is not None and installed.settings:
            self._check_accepted(Delivery.SETTING, staged)
            profiles.check(installed)

    def _check_accepted(self, kind: str, staged: StagedProfile) -> None:
        """Raise Fault if the owner has set the device to refuse this kind; the profile of the enrolment is exempt."""
        fault = Fault.refusal(self._device, kind)
        if fault is not None and staged.mdm is None:
            raise fault

    def _is_unchanged(self, payload: Payload, staged: StagedProfile) -> bool:
        installed = self._store.profiles.get(staged.profile.identifier)
        old = None if installed is None else installed.payload(payload.uuid)
        return old is not None and (old.identifier, old.digest) == (payload.identifier, payload.digest)

    def _renewed_identity(
        self, payload: Payload, staged: StagedProfile, *, settings: ScepSettings
    ) -> DeviceIdentity | None:
        """The identity that a scep payload renews: the one that the profile of this identifier got with the same
        settings.

        The identity of the MDM payload is renewed whatever its settings, if it came from a scep payload too.
        Unverified: that a device renews an identity, and does not send a new request.
        """
        enrollment, installed = self._enrollment(), self._store.profiles.get(staged.profile.identifier)
        former = (
            [installed_payload for installed_payload in installed.payloads if installed_payload.type == kinds.SCEP]
            if installed is not None
            else []
        )
        if staged.mdm is not None and staged.mdm.identity == payload.uuid:
            return enrollment.identity() if enrollment is not None and former else None
        for installed_payload in former:
            entry = self._keychain.identity_of(staged.profile.identifier, installed_payload.uuid)
            if entry is not None and entry.digest == settings.identifier:
                return present_identity(self._device.keystore, entry.alias)
        return None

    def _prepare_account(self, payload: Payload, staged: StagedProfile) -> None:
        if payload.type == EXCHANGE and not self._system.has_exchange_accounts:
            return
        profile, identifier = staged.profile.identifier, payload.identifier
        name = identifier if identifier.startswith(profile) else f"{profile}/{identifier}"
        new = account(payload, self._system, name=name, resolve=lambda uuid: self._identity_of(uuid, staged))
        own = self._keychain.accounts_of(profile)
        for other in self._device.accounts.values():
            is_same = (other.address, other.host, user_name(other)) == (new.address, new.host, user_name(new))
            if is_same and other.id not in own:
                raise Fault(Code.ACCOUNT_NOT_UNIQUE, f"there is an account for {new.address} at {new.host} already")
        staged.accounts[payload.uuid] = self._with_user_choices(new)

    def _with_user_choices(self, new: MailAccount) -> MailAccount:
        """The new account with the user's choices from the present account of the same id."""
        old = self._device.accounts.get(new.id)
        if old is None or old.smime is None or new.smime is None:
            return new
        smime = replace(SmimeSettings.from_document(new.smime), choices=SmimeSettings.from_document(old.smime).choices)
        return replace(new, smime=smime.document())

    def _identity_of(self, uuid: str, staged: StagedProfile) -> KeyEntry | None:
        """The identity of a payload of this profile, staged or installed; None if it has no identity."""
        return staged.identities.get(uuid) or (
            self._keychain.identity_of(staged.profile.identifier, uuid) if uuid in staged.unchanged else None
        )

    def _take_mdm_identity(self, staged: StagedProfile) -> None:
        """Separate the MDM identity from the others: mail neither signs nor decrypts with it.

        Raises Fault if the profile lacks it or if its key is not RSA.
        """
        if staged.mdm is None:
            return
        staged.mdm_identity = staged.identities.pop(staged.mdm.identity, None)
        enrollment = self._enrollment()
        is_installed = enrollment is not None and staged.mdm.identity in staged.unchanged
        if staged.mdm_identity is None and not is_installed:
            raise Fault(Code.MDM_IDENTITY_MISSING, "the profile has no identity that its MDM payload names")
        try:
            _ = None if staged.mdm_identity is None else key_from_der(staged.mdm_identity.key)
        except StateBroken as broken:
            # Differs from a device: an identity with an elliptic curve can be used for mail, but not for MDM.
            raise Fault(Code.MDM_IDENTITY_MISSING, str(broken)) from broken

    def install(self, staged: StagedProfile) -> list[str]:
        """Install a staged profile. Returns its title, or an empty list if it was installed already without changes."""
        identifier, present = staged.profile.identifier, self._store.profiles.get(staged.profile.identifier)
        before = dict(self._device.accounts)
        for uuid, entry in staged.identities.items():
            self._keychain.hold_identity(identifier, uuid, entry=entry)
        for uuid, der in staged.certificates.items():
            self._keychain.hold_certificate(identifier, uuid, der=der)
        for uuid, new_account in staged.accounts.items():
            self._keychain.hold_account(identifier, uuid, account=self._with_login(new_account, identifier))
        current = staged.unchanged | staged.identities.keys() | staged.certificates.keys() | staged.accounts.keys()
        for old in () if present is None else present.payloads:
            if old.uuid not in current:
                self._keychain.release(identifier, old.uuid)
        self._store.profiles[identifier] = staged.profile.installed
        if staged.escrow is not None:
            self._store.file_vault.escrow(staged.escrow, profile=identifier)
        profiles.obey(self._device, staged.profile.installed.payloads)
        changed = present != staged.profile.installed or before != self._device.accounts
        return [staged.profile.title] if changed else []

    def _with_login(self, new: MailAccount, profile: str) -> MailAccount:
        login = new.configuration.get("PayloadCertificateUUID")
        entry = self._keychain.identity_of(profile, login) if isinstance(login, str) else None
        return new if entry is None else replace(new, login_alias=entry.alias)

    def remove(self, identifier: str) -> InstalledProfile | None:
        """Remove a profile and the items that only it holds. Returns it, or None if it is not installed."""
        profile = self._store.profiles.pop(identifier, None)
        if profile is not None:
            self._keychain.release(identifier)
            self._store.file_vault.forget(identifier)
        return profile

    def remove_all(self) -> list[str]:
        """Remove all profiles, the MDM profile included. Returns their titles."""
        removed = [profile for name in list(self._store.profiles) if (profile := self.remove(name)) is not None]
        return [profile.display_name or profile.identifier for profile in removed]

    def _enrollment(self) -> AppleEnrollment | None:
        enrollment = self._device.enrollment
        return enrollment if isinstance(enrollment, AppleEnrollment) else None
