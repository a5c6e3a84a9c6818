"""The MDM commands of an Apple device (Apple: "Commands and Queries").

A command fails with 12007 if the server lacks the right for it, and with 12021 if the device does not know it. A locked
iPhone or iPad answers NotNow to some commands, and the server keeps them. Apple, "Handling NotNow status responses"
(and the archived MDM Protocol Reference), lists the commands that are never deferred: DeviceInformation, DeviceLock,
EraseDevice, ProfileList, CertificateList and others that are not implemented here. From iOS 15.4 on CertificateList is
deferred all the same until the first unlock since the device started (Apple, "Certificate List"). InstallProfile and
SecurityInfo are deferred while it is locked (Apple Developer Forums, thread 747460). Unverified: RemoveProfile too.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from fauxtune_sim.apple import device_commands
from fauxtune_sim.apple.device_commands import (
    DEVICE_COMMANDS,
    CommandContext,
    CommandResult,
    EnrollmentEnd,
    Malformed,
    set_name,
)
from fauxtune_sim.apple.enrollment import Right
from fauxtune_sim.apple.facts import System, app_feedback, bypass_code, query_responses, security_info
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.profiles import read_profile
from fauxtune_sim.apple.store import CERTIFICATE, IDENTITY, InstalledProfile
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.mail.accounts import MailAccount
from fauxtune_sim.mail.apps import apps_of

_PIN = re.compile(r"[0-9]{6}")


async def execute(context: CommandContext) -> CommandResult:
    """Execute a command; the device is not saved. Raises Fault, NotNow or Malformed if it was not executed."""
    if not context.command.request_type:
        raise Malformed("the command has no RequestType")
    entry = _COMMANDS.get(context.command.request_type)
    if entry is None:
        raise Fault(Code.REQUEST_UNKNOWN, f"this device does not know the command {context.command.request_type}")
    right, command = entry
    if right is not None and not context.enrollment.may(right):
        raise Fault(
            Code.NOT_AUTHORIZED, f"the server may not {context.command.request_type}: AccessRights lack {right}"
        )
    return await command(context)


async def _install_profile(context: CommandContext) -> CommandResult:
    data = context.command.parameters.get("Payload")
    if not isinstance(data, bytes):
        raise Malformed("InstallProfile has no Payload")
    context.check_unlocked()
    try:
        profile = read_profile(data, identity=context.enrollment.identity(), managed=True)
    except Fault as cause:
        raise Fault(Code.INSTALL_FAILED, "the profile could not be installed", cause=cause) from cause
    staged = await context.installer.prepare(profile)
    return CommandResult(
        installed=context.installer.install(staged), renewed=staged if staged.mdm is not None else None
    )


async def _remove_profile(context: CommandContext) -> CommandResult:
    identifier = context.command.text("Identifier")
    if not identifier:
        raise Malformed("RemoveProfile has no Identifier")
    if identifier == context.enrollment.profile:
        return CommandResult(end=EnrollmentEnd.RETIRED)
    context.check_unlocked()
    installed = context.store.profiles.get(identifier)
    if installed is None:
        raise Fault(Code.NOT_MANAGED, f"the profile {identifier} is not managed by this server")
    context.installer.remove(identifier)
    return CommandResult(removed=[installed.display_name or identifier])


async def _profile_list(context: CommandContext) -> CommandResult:
    profiles = [
        profile for profile in context.store.profiles.values() if profile.managed or not context.wants_managed_only
    ]
    return CommandResult({"ProfileList": [_profile_entry(profile, context.system) for profile in profiles]})


def _profile_entry(profile: InstalledProfile, system: System) -> dict[str, Any]:
    """The entry of a profile in ProfileList, without the contents of its payloads."""
    entry: dict[str, Any] = {
        "PayloadIdentifier": profile.identifier,
        "PayloadUUID": profile.uuid,
        "PayloadVersion": profile.version,
        "PayloadDisplayName": profile.display_name,
        "PayloadOrganization": profile.organization,
        "PayloadDescription": profile.description,
        "PayloadRemovalDisallowed": profile.removal_disallowed,
        "HasRemovalPasscode": profile.has_removal_passcode,
        "IsEncrypted": profile.encrypted,
        "IsManaged": None if system.is_mac else profile.managed,
        "SignerCertificates": [base64.b64decode(signer) for signer in profile.signers],
        "PayloadContent": [
            _without_none(
                {
                    "PayloadType": payload.type,
                    "PayloadVersion": payload.version,
                    "PayloadIdentifier": payload.identifier,
                    "PayloadUUID": payload.uuid,
                    "PayloadDisplayName": payload.display_name,
                }
            )
            for payload in profile.payloads
        ],
    }
    return _without_none(entry)


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


async def _provisioning_profile_list(context: CommandContext) -> CommandResult:
    """ProvisioningProfileList: no simulated device has a provisioning profile."""
    del context
    return CommandResult({"ProvisioningProfileList": []})


async def _certificate_list(context: CommandContext) -> CommandResult:
    context.check_unlocked_once()
    keys, entries = context.device.keystore, []
    managed = {profile.identifier for profile in context.store.profiles.values() if profile.managed}
    items = {
        (claim.kind, claim.name)
        for claim in context.store.claims
        if claim.profile in managed or not context.wants_managed_only
    }
    entries += [_certificate_entry(der) for sha256, der in keys.trusted.items() if (CERTIFICATE, sha256) in items]
    entries += [
        _certificate_entry(key.certificate, is_identity=True)
        for key in keys.entries.values()
        if (IDENTITY, key.alias) in items
    ]
    # The identity for MDM is one of the device's identities too.
    entries.append(_certificate_entry(context.enrollment.identity_certificate, is_identity=True))
    return CommandResult({"CertificateList": entries})


def _certificate_entry(der: bytes, *, is_identity: bool = False) -> dict[str, Any]:
    subject = x509.load_der_x509_certificate(der).subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    common = str(names[0].value) if names else subject.rfc4514_string()
    return {"CommonName": common, "IsIdentity": is_identity, "Data": der}


async def _device_information(context: CommandContext) -> CommandResult:
    queries = context.command.parameters.get("Queries")
    if not isinstance(queries, list):
        raise Malformed("DeviceInformation has no Queries")
    names = [query for query in queries if isinstance(query, str)]
    responses = query_responses(context.device, names, rights=Right(context.enrollment.access_rights))
    return CommandResult({"QueryResponses": responses})


async def _security_info(context: CommandContext) -> CommandResult:
    context.check_unlocked()
    answer = security_info(context.device)
    if answer.get("FDE_Enabled") is True and (sealed := context.store.file_vault.sealed_key()) is not None:
        answer["FDE_PersonalRecoveryKeyCMS"] = sealed
    return CommandResult({"SecurityInfo": answer})


async def _app_feedback(context: CommandContext) -> CommandResult:
    if context.system.is_mac:
        # Apple: on macOS the channel of a user knows this command, and the device's own does not.
        raise Fault(Code.REQUEST_UNKNOWN, "a Mac has no feedback of apps on the device's channel")
    identifiers = context.command.parameters.get("Identifiers")
    if not isinstance(identifiers, list):
        raise Malformed("ManagedApplicationFeedback has no Identifiers")
    return CommandResult({"ManagedApplicationFeedback": app_feedback(context.device, map(str, identifiers))})


async def _bypass_code(context: CommandContext) -> CommandResult:
    if context.system.is_mac:
        raise Fault(Code.REQUEST_UNKNOWN, "a simulated Mac has no bypass code")
    code = bypass_code(context.device)
    if code is None:
        raise Fault(Code.NOT_SUPERVISED, "only a supervised device tells its bypass code")
    return CommandResult({"ActivationLockBypassCode": code})


async def _device_lock(context: CommandContext) -> CommandResult:
    pin = context.command.parameters.get("PIN")
    if context.system.is_mac and pin is not None:
        if not isinstance(pin, str) or not _PIN.fullmatch(pin):
            raise Fault(Code.REQUEST_MALFORMED, "the PIN of DeviceLock is six digits")
        context.device.condition.passcode = pin
    context.device.condition.lock(True)
    has_message = {"Message", "PhoneNumber"} & context.command.parameters.keys()
    return CommandResult({"MessageResult": "Success"} if has_message and not context.system.is_mac else {})


async def _erase_device(context: CommandContext) -> CommandResult:
    return CommandResult(end=EnrollmentEnd.ERASED)


async def _settings(context: CommandContext) -> CommandResult:
    """Apply the settings, each of which has a status of its own: ApplicationConfiguration and DeviceName are known."""
    settings = context.command.parameters.get("Settings")
    if not isinstance(settings, list):
        raise Malformed("Settings has no Settings")
    result = CommandResult()
    statuses: list[dict[str, Any]] = []
    for setting in settings:
        item = setting.get("Item") if isinstance(setting, dict) else None
        fault = _apply_setting(context, setting, item=item, result=result)
        if fault is None:
            named = {"Identifier": setting["Identifier"]} if "Identifier" in setting else {}
            statuses.append({"Item": item, **named, "Status": "Acknowledged"})
        else:
            statuses.append({"Item": str(item), "Status": "Error", "ErrorChain": fault.chain()})
    result.answer["Settings"] = statuses
    return result


def _apply_setting(context: CommandContext, setting: Any, *, item: object, result: CommandResult) -> Fault | None:
    """Apply one setting. Return why it is refused, or None."""
    match item:
        case "DeviceName":
            return set_name(context, setting)
        case "ApplicationConfiguration":
            if not context.enrollment.may(Right.CHANGE_APPLICATIONS):
                why = f"the server may not configure apps: AccessRights lack {Right.CHANGE_APPLICATIONS}"
                return Fault(Code.NOT_AUTHORIZED, why)
            fault = _unfit_setting(context, setting)
            if fault is None:
                _configure_app(context, setting, result=result)
            return fault
        case _:
            return Fault(Code.REQUEST_UNKNOWN, f"this device does not know the setting {item}")


def _unfit_setting(context: CommandContext, setting: dict[str, Any]) -> Fault | None:
    """The fault of a configuration of an app, or None."""
    package = setting.get("Identifier")
    if package not in {app.package for app in apps_of(context.device.kind)}:
        return Fault(Code.APP_NOT_MANAGED, f"the app {package} is not managed")
    if not isinstance(setting.get("Configuration", {}), dict):
        return Fault(Code.REQUEST_MALFORMED, "the Configuration of an app is a dictionary")
    return Fault.refusal(context.device, Delivery.EMAIL) if "Configuration" in setting else None


def _configure_app(context: CommandContext, setting: dict[str, Any], *, result: CommandResult) -> None:
    """Keep the configuration of an app as an account of it; without a Configuration it is removed."""
    accounts, package = context.device.accounts, setting["Identifier"]
    configuration = setting.get("Configuration")
    if configuration is None:
        if accounts.pop(package, None) is not None:
            result.removed.append(f"configuration of {package}")
        return
    accounts[package] = MailAccount(id=package, package=package, digest="", configuration=configuration)
    result.installed.append(f"configuration of {package}")


_COMMANDS: dict[str, tuple[Right | None, Callable[[CommandContext], Awaitable[CommandResult]]]] = {
    "InstallProfile": (Right.CHANGE_PROFILES, _install_profile),
    "RemoveProfile": (Right.CHANGE_PROFILES, _remove_profile),
    "ProfileList": (Right.INSPECT_PROFILES, _profile_list),
    "ProvisioningProfileList": (Right.INSPECT_PROVISIONING, _provisioning_profile_list),
    "CertificateList": (Right.INSPECT_PROFILES, _certificate_list),
    # Each of its queries needs its own right.
    "DeviceInformation": (None, _device_information),
    "SecurityInfo": (Right.SECURITY, _security_info),
    "InstallApplication": (Right.CHANGE_APPLICATIONS, device_commands.install_application),
    "RemoveApplication": (Right.CHANGE_APPLICATIONS, device_commands.remove_application),
    "ManagedApplicationList": (Right.CHANGE_APPLICATIONS, device_commands.managed_list),
    "InstalledApplicationList": (Right.INSPECT_APPLICATIONS, device_commands.installed_list),
    "ManagedApplicationFeedback": (Right.CHANGE_APPLICATIONS, _app_feedback),
    # Apple: no right is needed, but the device must be supervised.
    "ActivationLockBypassCode": (None, _bypass_code),
    # Each setting needs its own right.
    "Settings": (None, _settings),
    "DeviceLock": (Right.LOCK, _device_lock),
    "EraseDevice": (Right.ERASE, _erase_device),
    **DEVICE_COMMANDS,
}
