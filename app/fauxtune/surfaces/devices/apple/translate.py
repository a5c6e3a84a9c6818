"""From the engine's steps to Apple's commands, and from Authenticate to an enrolment request.

Apple: "Device Management", Commands and Queries. One item is one configuration profile; the whole enrolment goes with
the enrolment profile. Settings are one profile for each type of payload, with the keys of all policies; a custom
profile has its own payloads. Differs from Intune: there each policy is a profile, and the device combines payloads of
one type.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from fauxtune.connector.wrapping import Wrapping
from fauxtune.core.errors import Invalid
from fauxtune.core.formats import plist
from fauxtune.core.formats.plist import Plist
from fauxtune.core.model import mail_accounts
from fauxtune.core.model.actions import StepKind
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.items import LedgerRow, key_name
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.settings import Unit
from fauxtune.core.model.states import Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.profiles.settings import MOBILECONFIG
from fauxtune.operations.checkin import steps
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.operations.checkin.steps import Step
from fauxtune.operations.devices.enrollment import EnrollmentRequest
from fauxtune.operations.runtime.emulator import Packaging
from fauxtune.surfaces.devices.apple import actions, apps, facts, messages, mobileconfig
from fauxtune.surfaces.devices.apple.apps import ManifestUrl
from fauxtune.surfaces.devices.apple.payloads import scep_content

#: The parameters of the commands that ask.
_PARAMETERS: dict[str, Plist] = {
    "DeviceInformation": {"Queries": list(facts.QUERIES)},
    "ManagedApplicationFeedback": {"Identifiers": [facts.COMPANY_PORTAL]},
}
_MANUFACTURER = "Apple"
#: The first that a device's names begin with decides.
_PRODUCTS = (
    ("iPhone", Platform.IOS),
    ("iPod", Platform.IOS),
    ("iPad", Platform.IPADOS),
    ("Mac", Platform.MACOS),
    ("iMac", Platform.MACOS),
    ("VirtualMac", Platform.MACOS),
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
#: What says what a payload is; the service writes it itself.
_PAYLOAD_NAMES = frozenset({"PayloadType", "PayloadVersion", "PayloadIdentifier", "PayloadUUID"})


@dataclass(frozen=True, slots=True)
class DeviceContext:
    """What the commands of a device depend on: its properties, and the documents of the profiles that a step is from,
    where they matter. `manifest_url`: returns the address of the manifest of an app.
    """

    tenant_id: TenantId
    variant: Variant
    os_version: str | None = None
    profiles: tuple[JsonObject, ...] = ()
    manifest_url: ManifestUrl | None = None


@dataclass(slots=True)
class ApplePackaging:
    """Wraps a PFX and its password in payloads of a profile, which the connector then seals."""

    on_mac: bool = False
    plain_switch: str | None = "apple.plainProfiles"

    def identity(self, row: LedgerRow, *, profiles: Callable[[], Sequence[Mapping[str, Any]]]) -> Wrapping:
        """Wrap a certificate with its key.

        On a Mac a profile may let all applications use the key (Graph: macOSPkcsCertificateProfile,
        allowAllAppsAccess). Graph's profiles have no setting for exporting the key, so Apple's default holds: it can be
        exported.
        """
        open_to_all = self.on_mac and _is_open_to_all(profiles())
        return Wrapping(mobileconfig.identity_payloads(row, open_to_all=open_to_all), xml=True)

    def account(self, row: LedgerRow, account: Account, *, os_version: str | None) -> Wrapping:
        """Wrap an account with the certificates that it names."""
        return Wrapping(mobileconfig.account_payloads(row, account=account, os_version=os_version), xml=True)


#: How the connector wraps files for this platform.
PACKAGINGS: dict[Platform, Packaging] = {
    Platform.IOS: ApplePackaging(),
    Platform.IPADOS: ApplePackaging(),
    Platform.MACOS: ApplePackaging(on_mac=True),
}


def enrollment_request(message: messages.Authenticate) -> EnrollmentRequest:
    """Translate Authenticate. Raises Invalid for a kind of device that is not emulated."""
    platform = platform_of(message)
    on_mac = platform is Platform.MACOS
    return EnrollmentRequest(
        platform=platform,
        mode=None,
        hardware_key=hardware_key(message.sender.id),
        facts={
            "deviceName": message.device_name,
            "serialNumber": message.serial_number,
            "manufacturer": _MANUFACTURER,
            "model": facts.model(message.product_name, message.model_name) or message.model,
            "productName": message.product_name,
            "osVersion": facts.os_version(message.os_version, message.build_version, on_mac=on_mac),
            "osBuildNumber": message.build_version,
            "chassisType": facts.chassis_type(message.model_name),
            "imei": facts.imei(message.imei),
            "meid": message.meid,
            "udid": message.sender.id,
            **({"isUserEnrollment": True} if message.by_user else {}),
        },
    )


def hardware_key(device: str) -> str:
    """Return the key by which the hardware is recognised. `device`: its UDID, else its EnrollmentID."""
    return f"apple/{device}"


def platform_of(message: messages.Authenticate) -> Platform:
    """Return the platform that the product's name stands for. Raises Invalid for a product that is not emulated.

    mdmb and others leave the name out: then a UDID that is a UUID is a Mac's (others have 40 hex digits, or 8 and 16).
    """
    for name in (message.product_name, message.model, message.model_name):
        for beginning, platform in _PRODUCTS:
            if name.startswith(beginning):
                return platform
    if message.product_name:
        raise Invalid(
            f"A {message.product_name[:40]} is not emulated; iPhones, iPods, iPads and Macs are.", target="ProductName"
        )
    return Platform.MACOS if _UUID.fullmatch(message.sender.id) else Platform.IOS


def command(step: Step, device: DeviceContext) -> Plist:
    """Return the command of a step: RequestType and its keys."""
    match step.kind:
        case StepKind.INSTALL:
            assert step.item is not None, step.id
            if (account := step.item.account) is not None and is_app_configuration(account):
                return _settings(account.settings["configuration"])
            return {
                "RequestType": "InstallProfile",
                "Payload": profile(step.item, device),
            }
        case StepKind.REMOVE:
            assert step.item is not None, step.id
            payload = step.item.row.payload
            if step.item.row.source is Source.EMAIL and payload and is_app_configuration(Account.decode(payload)):
                return _settings(None)
            return _removal(mobileconfig.identifier(device.tenant_id, step.item.row.key))
        case StepKind.ACTION:
            assert step.order is not None, step.id
            return actions.command(step.order, tenant_id=device.tenant_id, variant=device.variant)
        case StepKind.INSTALL_APP:
            assert device.manifest_url is not None, step.id
            return apps.install(step.apps[0], on_mac=device.variant is Variant.MACOS, manifest_url=device.manifest_url)
        case StepKind.REMOVE_APP:
            return apps.remove(step.apps[0])
        case StepKind.LIST_APPS:
            return apps.list_apps(
                step.apps, on_mac=device.variant is Variant.MACOS, for_states=step.part == steps.STATES
            )
        case StepKind.QUESTION:
            return {"RequestType": step.part, **_PARAMETERS.get(step.part or "", {})}
        case _:
            assert_never(step.kind)


def profile(item: Deliverable, device: DeviceContext) -> bytes:
    """Return the configuration profile of an item."""
    row, tenant_id, on_mac = item.row, device.tenant_id, device.variant is Variant.MACOS
    if row.source is Source.ROOT:
        return mobileconfig.root_profile(tenant_id, row, certificate=item.certificate or b"", on_mac=on_mac)
    if item.scep is not None:
        return mobileconfig.scep_profile(
            tenant_id,
            row,
            content=scep_content(item.scep),
            on_mac=on_mac,
            open_to_all=on_mac and _is_open_to_all(device.profiles),
        )
    if item.opened is not None:
        return mobileconfig.plain_profile(tenant_id, row, payloads=item.opened, on_mac=on_mac)
    if item.sealed is not None:
        return mobileconfig.encrypted_profile(tenant_id, row, sealed=item.sealed, on_mac=on_mac)
    if item.unit is not None:
        return _settings_profile(tenant_id, row, unit=item.unit, on_mac=on_mac)
    if item.account is None:
        raise Invalid(f"The item {row.key} cannot be sent to an Apple device: it has no content.")
    payloads = mobileconfig.account_payloads(row, account=item.account, os_version=device.os_version)
    return mobileconfig.plain_profile(tenant_id, row, payloads=payloads, on_mac=on_mac)


def _is_open_to_all(profiles: Sequence[Mapping[str, Any]]) -> bool:
    return any(profile.get("allowAllAppsAccess") for profile in profiles)


def is_app_configuration(account: Account) -> bool:
    """Whether an account is the configuration of Outlook, which goes by a command of its own."""
    return account.kind == mail_accounts.FOR_IOS.configured_by


def _settings(configuration: JsonObject | None) -> Plist:
    """The command that configures Outlook. Apple: Settings, ApplicationConfiguration; without one it is removed."""
    setting: Plist = {"Item": "ApplicationConfiguration", "Identifier": mail_accounts.FOR_IOS.identifier}
    return {
        "RequestType": "Settings",
        "Settings": [setting if configuration is None else {**setting, "Configuration": configuration}],
    }


def _removal(identifier: str) -> Plist:
    return {"RequestType": "RemoveProfile", "Identifier": identifier}


def _settings_profile(tenant_id: TenantId, row: LedgerRow, *, unit: Unit, on_mac: bool) -> bytes:
    """Write the profile of these settings."""
    (first, *_others) = unit.delivered
    if first.form == MOBILECONFIG:
        return mobileconfig.settings_profile(tenant_id, row, contents=_custom_payloads(first.value), on_mac=on_mac)
    kind = key_name(row.key)
    content = {setting.address.removeprefix(f"{kind}/"): setting.value for setting in unit.delivered}
    return mobileconfig.settings_profile(tenant_id, row, contents=[(kind, content)], on_mac=on_mac)


def _custom_payloads(content: str) -> list[tuple[str, dict[str, Any]]]:
    payloads = plist.dictionaries(plist.parse(base64.b64decode(content)), "PayloadContent")
    return [
        (str(payload.get("PayloadType")), {key: value for key, value in payload.items() if key not in _PAYLOAD_NAMES})
        for payload in payloads
    ]
