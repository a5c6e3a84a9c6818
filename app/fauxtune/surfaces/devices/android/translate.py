"""From the engine's items to Android's policy, and from a device's report to the inventory.

Android's policy is declarative: devices remove what it leaves out. So it holds everything that the device shall have or
may keep, under aliases that tell the kind of each item (see `policy_entries`).

An e-mail account is the managed configuration of an application. Google: "Configure Gmail with managed configurations".
The further keys for Samsung Email are named after the Knox SDK (ExchangeAccountPolicy: setRequireSignedSMIMEMessages,
setForceSMIMECertificateAlias).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow, key_source
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Platform, modes_of
from fauxtune.core.model.scep import ScepDelivery
from fauxtune.core.model.settings import Unit
from fauxtune.core.model.states import Source
from fauxtune.core.policies.app_states import UNINSTALL, AppReport, DeviceApp
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.operations.devices.enrollment import EnrollmentRequest
from fauxtune.surfaces.devices.android import facts, messages, policy_entries
from fauxtune.surfaces.devices.android.policy_entries import alias_of, is_about_app, key_of, package_of, refused

# From a SCEP delivery to the entry of Android's policy. Android has no such wire: this is the emulator's own.
#
# The device asks three times, ten minutes apart, while a server has not decided, as it does by its defaults on Windows
# and with Apple's count.

_RETRIES, _RETRY_DELAY = 3, 600


def scep_request(delivery: ScepDelivery, *, revision: str) -> dict[str, Any] | None:
    """Return what a device is to request; None if it is to keep what it has. `revision`: of the item as offered."""
    if not delivery.challenge:
        return None
    wanted = delivery.request
    return {
        "serverUrl": delivery.url,
        "otherServerUrls": list(delivery.other_urls),
        "challenge": delivery.challenge,
        "subject": wanted.subject,
        "subjectAlternativeNames": [{"type": kind, "name": name} for kind, name in wanted.names],
        "keySize": wanted.bits,
        "keyUsages": list(wanted.key_usages),
        "extendedKeyUsages": list(wanted.extended_key_usages),
        "hashAlgorithms": list(wanted.hash_algorithms),
        "caThumbprint": delivery.ca_thumbprint,
        "retryCount": _RETRIES,
        "retryDelaySeconds": _RETRY_DELAY,
        "renews": delivery.renews,
        "revision": hashlib.sha256(revision.encode()).hexdigest(),
    }


_SOURCES = {Source.PKCS: "PKCS", Source.IMPORTED: "IMPORTED_PFX"}
#: durationOfEmailToSync in Gmail's numbers; with userDefined the user chooses.
_WINDOWS = {"unlimited": 0, "oneDay": 1, "threeDays": 2, "oneWeek": 3, "twoWeeks": 4, "oneMonth": 5}
_THUMBPRINT = re.compile(r"[0-9a-f]{40}")
#: The API's managementMode of each mode. It has none for a device administrator, which owns neither device nor profile.
_OWNER = "DEVICE_OWNER"
_PROFILE = "PROFILE_OWNER"
_MODES: dict[str, str | None] = {
    "work-profile": _PROFILE,
    "corporate-work-profile": _PROFILE,
    "device-admin": None,
    "knox": None,
}
#: AMAPI: ApplicationState.
_INSTALLED = "INSTALLED"
_USUAL_MODE = "work-profile"
#: Unverified: Graph's chassisType of Android devices; the API has nothing about it. AOSP runs on headsets.
_CHASSIS = {"aosp": "mobileOther"}


def mode_of(message: messages.Enroll) -> str:
    """Return the mode of the device, or the one that follows from managementMode and ownership (AMAPI). Raises Invalid
    if `mode` and `managementMode` contradict each other.

    A device owner without a mode is fully managed: the other two modes of a device owner are special cases.
    """
    mode, management = message.mode, message.management_mode
    if mode is None:
        if management == _OWNER:
            return "fully-managed"
        owned = management == _PROFILE and message.ownership == "COMPANY_OWNED"
        return "corporate-work-profile" if owned else _USUAL_MODE
    if mode in modes_of(Platform.ANDROID) and management not in (None, _MODES.get(mode, _OWNER)):
        raise Invalid(f"mode {mode} and managementMode {management} contradict each other: leave one of them out.")
    return mode


def enrollment_request(message: messages.Enroll) -> EnrollmentRequest:
    """Translate the request of a device that enrols. Raises as `mode_of`."""
    mode = mode_of(message)
    # A device in a work profile hides its serial number; the enrolment-specific id stands for it.
    hardware_id = message.enrollment_specific_id or message.hardware_info.serial_number or message.android_id
    return EnrollmentRequest(
        platform=Platform.ANDROID,
        mode=mode,
        hardware_key=f"android/{mode}/{hardware_id}" if hardware_id else "",
        facts={**facts.of_enrollment(message), "chassisType": _CHASSIS.get(mode, "phone")},
    )


def inventory(report: messages.ReportStatus, *, policy_version: int, rows: Mapping[ItemKey, LedgerRow]) -> Inventory:
    """Return what the device holds and refuses; complete if it has applied the current policy."""
    identities, certificates = {}, {}
    is_complete = report.applied_policy_version == str(policy_version)
    for entry in report.key_store.aliases:
        key = key_of(entry.alias)
        sha1 = entry.sha1.lower() if entry.x509 is None else _sha1_of(entry.x509)
        # What is no thumbprint says only that there is a certificate.
        if key is not None and key_source(key) is Source.SCEP:
            identities[key] = sha1 if _THUMBPRINT.fullmatch(sha1) else ""
        elif key is not None:
            identities[key] = sha1
        if entry.x509 is not None:
            certificates[sha1] = entry.x509
    return Inventory(
        identities=identities,
        certificates=certificates,
        roots=frozenset(digest.lower() for digest in report.key_store.ca_certs),
        accounts={**_accounts(report), **(policy_entries.applied(rows.values()) if is_complete else {})},
        refused=refused(report, rows, policy_version=policy_version),
        complete=is_complete,
    )


def app_report(report: messages.ReportStatus, *, policy_version: int) -> AppReport:
    """Return what the device reports of the apps that its policy names."""
    return AppReport(
        installed={
            application_report.package_name: application_report.version_name
            for application_report in report.application_reports
            if application_report.state == _INSTALLED
        },
        refused={
            detail.package_name: detail.current_value
            or detail.installation_failure_reason
            or detail.non_compliance_reason
            for detail in report.non_compliance_details
            if is_about_app(detail)
        },
        complete=report.applied_policy_version == str(policy_version),
    )


def policy(
    *, enterprise: str, version: int, items: list[Deliverable], apps: Sequence[DeviceApp] = ()
) -> dict[str, Any]:
    """Write the policy with these items and apps."""
    pairs: list[dict[str, Any]] = []
    roots: list[dict[str, str]] = []
    applications: list[dict[str, Any]] = []
    units: list[Unit | None] = []
    for item in items:
        row = item.row
        match row.source:
            case Source.ROOT:
                x509 = messages.base64_text(item.certificate or b"")
                roots.append({"x509": x509, "sha256": row.key.split("/")[1]})
            case Source.PKCS | Source.IMPORTED:
                pairs.append(
                    messages.key_pair(
                        alias=alias_of(row.key),
                        pkcs12=item.pfx or b"",
                        encrypted_password=item.sealed or b"",
                        source=_SOURCES[row.source],
                        purpose=row.purpose,
                        profile=row.claims[0].profile if row.claims else None,
                    )
                )
            case Source.EMAIL:
                applications.append(_application(row, item.account))
            case Source.SCEP:
                pairs.append(
                    messages.requested_key_pair(
                        alias=alias_of(row.key),
                        purpose=row.purpose,
                        profile=row.claims[0].profile if row.claims else None,
                        request=None if item.scep is None else scep_request(item.scep, revision=row.fingerprint or ""),
                    )
                )
            case Source.SETTING:
                units.append(item.unit)
            case _:
                assert_never(row.source)
    configured = {application["packageName"] for application in applications}
    applications += [
        messages.ordered_application(package=app.identifier, uninstalled=app.intent == UNINSTALL)
        for app in apps
        if app.identifier not in configured
    ]
    document = messages.policy(
        enterprise=enterprise, version=version, key_pairs=pairs, ca_certs=roots, applications=applications
    )
    return document | policy_entries.keys_of(unit for unit in units if unit is not None)


def _sha1_of(der: bytes) -> str:
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def _application(row: LedgerRow, account: Account | None) -> dict[str, Any]:
    assert account is not None, row.key
    package = package_of(account.kind)
    if package is None:
        raise Invalid(f"The account of a {account.kind} cannot be delivered to Android.")
    if "configuration" in account.settings:
        return messages.application(
            package=package,
            configuration=account.settings["configuration"],
            account=alias_of(row.key),
            digest=row.fingerprint or "",
        )
    identity = account.certificates.get("identityCertificate")
    configuration: dict[str, Any] = {
        "email_address": account.address,
        "exchange_host": account.host,
        "exchange_username": account.username,
        "exchange_ssl_required": bool(account.settings.get("requireSsl")),
    }
    window = _WINDOWS.get(str(account.settings.get("durationOfEmailToSync")))
    if window is not None:
        configuration["default_sync_window"] = window
    if identity is not None:
        configuration["exchange_login_certificate_alias"] = alias_of(identity.item)
    signing = account.certificates.get("smimeSigningCertificate")
    if signing is not None:
        configuration["require_signed_smime_messages"] = True
        configuration["force_smime_certificate_alias"] = alias_of(signing.item)
    return messages.application(
        package=package, configuration=configuration, account=alias_of(row.key), digest=row.fingerprint or ""
    )


def _accounts(report: messages.ReportStatus) -> dict[ItemKey, str]:
    accounts = {}
    for state in (state for application in report.application_reports for state in application.keyed_app_states):
        key = key_of(state.key)
        if key is not None and state.severity != "ERROR":
            accounts[key] = state.data
    return accounts
