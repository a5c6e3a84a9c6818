"""The commands that act on an Apple device itself: restart, passcode, lost mode, shared users (Apple: "Commands and
Queries").

Apple: RestartDevice, ShutDownDevice and those of lost mode are for supervised iPhones and iPads; a Mac restarts and
shuts down in any case. DeviceLocation and PlayLostModeSound are answered only in lost mode.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fauxtune_sim.apple.enrollment import AppleEnrollment, Right
from fauxtune_sim.apple.facts import System
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.install import Installer, StagedProfile
from fauxtune_sim.apple.messages import Command, read_plist
from fauxtune_sim.apple.store import ManagedApp, ProfileStore
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import Delivery, position
from fauxtune_sim.errors import AnswerBroken, ServerRefused, ServerUnreachable
from fauxtune_sim.server.transport import Answer

_LONGEST_NAME = 63


def set_name(context: CommandContext, setting: dict[str, Any]) -> Fault | None:
    """Apply the setting DeviceName. Return why it is refused, or None."""
    name = setting.get("DeviceName")
    if not context.enrollment.may(Right.SETTINGS):
        return Fault(Code.NOT_AUTHORIZED, f"the server may not name the device: AccessRights lack {Right.SETTINGS}")
    if not _is_supervised(context) and not context.system.is_mac:
        return Fault(Code.NOT_SUPERVISED, "only a supervised device is named by its server")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        return Fault(Code.REQUEST_MALFORMED, f"DeviceName is a text of 1 to {_LONGEST_NAME} characters")
    context.device.name = name
    return None


def _is_supervised(context: CommandContext) -> bool:
    return context.device.own_facts.get("isSupervised") is True


def _check_supervised(context: CommandContext) -> None:
    """Raise Fault on an iPhone or iPad that is not supervised."""
    if not context.system.is_mac and not _is_supervised(context):
        raise Fault(Code.NOT_SUPERVISED, f"{context.command.request_type} is for supervised devices")


def _check_mobile(context: CommandContext) -> None:
    """Raise Fault on a Mac, which does not know the command."""
    if context.system.is_mac:
        raise Fault(Code.REQUEST_UNKNOWN, f"a Mac does not know the command {context.command.request_type}")


async def _restart(context: CommandContext) -> CommandResult:
    _check_supervised(context)
    context.device.condition.restart()
    return CommandResult()


async def _shut_down(context: CommandContext) -> CommandResult:
    _check_supervised(context)
    context.device.condition.shut_down()
    return CommandResult()


async def _clear_passcode(context: CommandContext) -> CommandResult:
    _check_mobile(context)
    token = context.command.parameters.get("UnlockToken")
    if not isinstance(token, bytes):
        raise Malformed("ClearPasscode has no UnlockToken")
    if token != context.enrollment.unlock_token:
        raise Fault(Code.WRONG_TOKEN, "the UnlockToken is not the one that the device sent")
    context.device.report(isPasscodePresent=False)
    context.device.condition.passcode = None
    context.device.condition.lock(False)
    return CommandResult()


async def _enable_lost_mode(context: CommandContext) -> CommandResult:
    _check_mobile(context)
    _check_supervised(context)
    texts = [context.command.text(key) for key in ("Message", "PhoneNumber")]
    if not any(texts):
        raise Malformed("EnableLostMode has neither Message nor PhoneNumber")
    context.device.condition.lost = " ".join(text for text in texts if text)
    context.device.condition.lock(True)
    return CommandResult()


async def _disable_lost_mode(context: CommandContext) -> CommandResult:
    _check_lost(context)
    context.device.condition.lost = None
    return CommandResult()


async def _location(context: CommandContext) -> CommandResult:
    _check_lost(context)
    latitude, longitude = position(context.enrollment.name)
    return CommandResult(
        {
            "Latitude": latitude,
            "Longitude": longitude,
            "HorizontalAccuracy": 20.0,
            "VerticalAccuracy": 10.0,
            "Altitude": 56.0,
            "Speed": -1.0,
            "Course": -1.0,
            "Timestamp": "2026-01-01T00:00:00.000Z",
        }
    )


async def _sound(context: CommandContext) -> CommandResult:
    _check_lost(context)
    context.device.condition.sounds += 1
    return CommandResult()


def _check_lost(context: CommandContext) -> None:
    """Raise Fault unless the device is in lost mode."""
    _check_mobile(context)
    if context.device.condition.lost is None:
        raise Fault(Code.NOT_LOST, f"{context.command.request_type}: the device is not in lost mode")


async def _of_users(context: CommandContext) -> CommandResult:
    """LogOutUser and DeleteUser: for iPads that several users share, which are not simulated."""
    raise Fault(Code.NO_USERS, f"{context.command.request_type}: this device is no Shared iPad")


async def _rotate_file_vault(context: CommandContext) -> CommandResult:
    """RotateFileVaultKey, of the personal recovery key."""
    if not context.system.is_mac:
        raise Fault(Code.REQUEST_UNKNOWN, "only a Mac has FileVault")
    parameters = context.command.parameters
    unlock, certificate = parameters.get("FileVaultUnlock"), parameters.get("ReplyEncryptionCertificate")
    if parameters.get("KeyType") != "personal" or not isinstance(unlock, dict) or not isinstance(certificate, bytes):
        raise Malformed("RotateFileVaultKey has no KeyType personal, FileVaultUnlock or ReplyEncryptionCertificate")
    if context.device.own_facts.get("isEncrypted") is not True:
        raise Fault(Code.WRONG_TOKEN, "FileVault is off")
    sealed = context.store.file_vault.rotate(unlock.get("Password"), certificate=certificate)
    return CommandResult({"RotateResult": {"EncryptedNewRecoveryKey": sealed}})


#: The commands, with the right that each one needs.
DEVICE_COMMANDS: dict[str, tuple[Right | None, DeviceCommand]] = {
    "RestartDevice": (Right.LOCK, _restart),
    "ShutDownDevice": (Right.LOCK, _shut_down),
    "ClearPasscode": (Right.LOCK, _clear_passcode),
    "EnableLostMode": (Right.LOCK, _enable_lost_mode),
    "DisableLostMode": (Right.LOCK, _disable_lost_mode),
    "DeviceLocation": (Right.LOCK, _location),
    "PlayLostModeSound": (Right.LOCK, _sound),
    "RotateFileVaultKey": (Right.SECURITY, _rotate_file_vault),
    "LogOutUser": (Right.LOCK, _of_users),
    "DeleteUser": (Right.LOCK, _of_users),
}


class NotNow(Exception):
    """The device is locked and defers the command."""


class Malformed(Exception):
    """The command lacks a parameter, which the text names."""


class EnrollmentEnd(StrEnum):
    """The reason why the enrolment ends once a command is acknowledged."""

    RETIRED = "the server removed the MDM profile"
    ERASED = "factory reset"


@dataclass(slots=True)
class CommandResult:
    """The result of a command: its answer, the names of installed and removed profiles, the end of the enrolment.

    `renewed` is the MDM profile that replaces the present one.
    """

    answer: dict[str, Any] = field(default_factory=dict)
    installed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    end: EnrollmentEnd | None = None
    renewed: StagedProfile | None = None


@dataclass(frozen=True, slots=True)
class CommandContext:
    """A command with the device that executes it. `load` gets what is at an address."""

    command: Command
    device: Device
    system: System
    enrollment: AppleEnrollment
    installer: Installer
    load: Callable[[str], Awaitable[Answer]]

    @property
    def store(self) -> ProfileStore:
        """The profiles that are installed on the device."""
        assert isinstance(self.device.state, ProfileStore)
        return self.device.state

    @property
    def wants_managed_only(self) -> bool:
        """The parameter ManagedOnly of ProfileList and CertificateList."""
        return self.command.parameters.get("ManagedOnly") is True

    def check_unlocked(self) -> None:
        """Raise NotNow on a locked iPhone or iPad."""
        if self.device.condition.locked and not self.system.is_mac:
            raise NotNow

    def check_unlocked_once(self) -> None:
        """Raise NotNow if the system lists certificates only after the first unlock since the device started."""
        if not self.device.condition.unlocked_since_boot and not self.system.lists_certificates_before_unlock:
            raise NotNow


DeviceCommand = Callable[[CommandContext], Awaitable[CommandResult]]


#: ManagementFlags: the app goes with the MDM profile.
GOES_WITH_PROFILE = 1
#: The version of every app from the store of the simulated world.
_STORE_VERSION = "1.0.0"


async def install_application(context: CommandContext) -> CommandResult:
    """Install an app, or take over the management of one that is there."""
    refusal = Fault.refusal(context.device, Delivery.APP)
    if refusal is not None:
        raise refusal
    address, flags = context.command.text("ManifestURL"), context.command.parameters.get("ManagementFlags")
    identifier = context.command.text("Identifier")
    version = _STORE_VERSION
    if address is not None:
        identifier, version = await _from_manifest(context, address)
    elif identifier is None:
        if not isinstance(context.command.parameters.get("iTunesStoreID"), int):
            raise Malformed("InstallApplication has no iTunesStoreID, no Identifier and no ManifestURL")
        return CommandResult({"RejectionReason": "CouldNotVerifyAppID"})
    context.device.apps[identifier] = version
    # On a Mac an app that is not installed as a managed one is only there.
    if not context.system.is_mac or context.command.parameters.get("InstallAsManaged") is True:
        context.store.apps[identifier] = ManagedApp(identifier, flags if isinstance(flags, int) else 0)
    return CommandResult({"Identifier": identifier, "State": "Installing"}, installed=[identifier])


async def remove_application(context: CommandContext) -> CommandResult:
    """Remove a managed app."""
    identifier = context.command.text("Identifier")
    if not identifier:
        raise Malformed("RemoveApplication has no Identifier")
    if identifier not in context.store.apps:
        raise Fault(Code.APP_NOT_MANAGED, f"the app {identifier} is not managed")
    del context.store.apps[identifier]
    context.device.apps.pop(identifier, None)
    return CommandResult(removed=[identifier])


async def managed_list(context: CommandContext) -> CommandResult:
    """List the managed apps, those of a list of identifiers or all."""
    wanted = _identifiers(context)
    return CommandResult(
        {
            "ManagedApplicationList": {
                app.identifier: {
                    "Status": "Managed" if app.identifier in context.device.apps else "ManagedButUninstalled",
                    "ManagementFlags": app.flags,
                    "HasConfiguration": False,
                    "HasFeedback": False,
                    "IsValidated": True,
                }
                for app in context.store.apps.values()
                if wanted is None or app.identifier in wanted
            }
        }
    )


async def installed_list(context: CommandContext) -> CommandResult:
    """List the apps that are installed, managed or not."""
    wanted, managed_only = _identifiers(context), context.command.parameters.get("ManagedAppsOnly") is True
    return CommandResult(
        {
            "InstalledApplicationList": [
                {"Identifier": name, "Name": name.rpartition(".")[2], "ShortVersion": version, "Version": version}
                for name, version in context.device.apps.items()
                if (wanted is None or name in wanted) and (name in context.store.apps or not managed_only)
            ]
        }
    )


def _identifiers(context: CommandContext) -> set[str] | None:
    listed = context.command.parameters.get("Identifiers")
    return {str(name) for name in listed} if isinstance(listed, list) else None


async def _from_manifest(context: CommandContext, address: str) -> tuple[str, str]:
    """Load the manifest and the package that it names; return bundle identifier and version."""
    manifest = await _loaded(context, address, what="the manifest")
    try:
        item = read_plist(manifest, what="the manifest")["items"][0]
        metadata, assets = item["metadata"], item["assets"]
        identifier, version = metadata["bundle-identifier"], metadata["bundle-version"]
        package = next(asset["url"] for asset in assets if asset["kind"] == "software-package")
    except (AnswerBroken, KeyError, IndexError, TypeError, StopIteration) as broken:
        raise Fault(Code.INSTALL_FAILED, "the manifest does not name an app and its package") from broken
    if not await _loaded(context, str(package), what="the package"):
        raise Fault(Code.INSTALL_FAILED, "the package is empty")
    return str(identifier), str(version)


async def _loaded(context: CommandContext, address: str, *, what: str) -> bytes:
    try:
        answer = await context.load(address)
    except (ServerRefused, ServerUnreachable, AnswerBroken) as failed:
        raise Fault(Code.INSTALL_FAILED, f"{what} cannot be loaded: {failed}") from failed
    if answer.status != 200:
        raise Fault(Code.INSTALL_FAILED, f"{what} cannot be loaded: its server answers {answer.status}")
    return answer.body


def kept_without_management(store_apps: dict[str, ManagedApp], installed: dict[str, str]) -> dict[str, str]:
    """The apps that stay when the MDM profile goes, with their versions."""
    gone = {app.identifier for app in store_apps.values() if app.flags & GOES_WITH_PROFILE}
    return {name: version for name, version in installed.items() if name not in gone}
