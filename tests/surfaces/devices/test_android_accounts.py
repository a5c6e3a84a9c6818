"""E-mail accounts on Android's wire: the managed configuration of an application, and what the device reports of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import LedgerRow, email_key, imported_key, pkcs_key
from fauxtune.core.model.mail_accounts import Account, NamedCertificate
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.surfaces.devices.android import messages, translate

EXAMPLES = Path(__file__).parents[2] / "wire" / "android"
MAIL, SIGNING = ProfileId("91d7a9a2-54a6-4a0e-8a39-6d0f3f9b7c11"), ProfileId("7b1c7a52-6d1b-4b8e-9a55-0c2f6b7a9e01")
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
GMAIL = "androidWorkProfileGmailEasConfiguration"


def example(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text())
    return document


def delivered(kind: str = GMAIL, *, named: bool = True, signs: bool = False, **settings: Any) -> dict[str, Any]:
    """The policy's one application."""
    switched_on = {"identityCertificate": named, "smimeSigningCertificate": signs}
    certificates = {
        name: NamedCertificate(pkcs_key(SIGNING), "s1", thumbprint="t1")
        for name, wanted in switched_on.items()
        if wanted
    }
    account = Account(
        kind=kind,
        host="mail.contoso.example",
        address="alice@contoso.example",
        username="alice@contoso.example",
        settings=settings,
        certificates=certificates,
    )
    row = LedgerRow(email_key(MAIL), Source.EMAIL, ItemState.SENT, fingerprint=DIGEST)
    policy = translate.policy(enterprise="e", version=9, items=[Deliverable(row=row, account=account)])
    (found,) = policy["applications"]
    assert isinstance(found, dict)
    return found


def inventory(**report: Any) -> Inventory:
    read = messages.ReportStatus.model_validate(report)
    row = LedgerRow(email_key(MAIL), Source.EMAIL, ItemState.SENT, fingerprint=DIGEST)
    return translate.inventory(read, policy_version=9, rows={row.key: row})


def test_the_policy_says_it_as_the_example_does() -> None:
    assert [delivered(requireSsl=True, durationOfEmailToSync="oneMonth")] == example("policy")["applications"]


def test_nine_has_its_own_package_and_what_is_not_set_is_left_out() -> None:
    result = delivered("androidWorkProfileNineWorkEasConfiguration", named=False, durationOfEmailToSync="userDefined")
    assert result["packageName"] == "com.ninefolders.hd3.work.intune"
    assert result["managedConfiguration"] == {
        "email_address": "alice@contoso.example",
        "exchange_host": "mail.contoso.example",
        "exchange_username": "alice@contoso.example",
        "exchange_ssl_required": False,
    }


def test_an_account_of_another_platform_has_no_place_in_the_policy() -> None:
    with pytest.raises(Invalid, match="cannot be delivered to Android"):
        delivered("iosEasEmailProfileConfiguration")


def test_the_example_report_is_read() -> None:
    report = messages.ReportStatus.model_validate(example("report-status-request"))
    (detail,) = report.non_compliance_details
    key = imported_key(detail.field_path.partition("imported-")[2].rstrip("]"))
    rows = {key: LedgerRow(key, Source.IMPORTED, ItemState.SENT, fingerprint="f")}
    result = translate.inventory(report, policy_version=8, rows=rows)
    assert (result.accounts, set(result.refused)) == ({email_key(MAIL): DIGEST}, {key})


def test_what_an_application_calls_an_error_or_names_otherwise_is_no_account() -> None:
    states = [
        {"key": f"email-{MAIL}", "severity": "ERROR", "data": DIGEST},
        {"key": "battery", "data": "low"},
        {"key": ""},
    ]
    result = inventory(applicationReports=[{"packageName": "x", "keyedAppStates": states}])
    assert result.accounts == {}


def test_a_refused_account_is_told_with_its_reason() -> None:
    details = [{"settingName": "applications", "fieldPath": f"applications[emailAccount=email-{MAIL}]"}]
    (key, problem) = next(iter(inventory(nonComplianceDetails=details).refused.items()))
    assert (key, "INVALID_VALUE" in problem.message) == (ItemKey(f"email/{MAIL}"), True)


@pytest.mark.parametrize(
    "reports",
    [7, "x", [7], [{"keyedAppStates": 7}], [{"keyedAppStates": [{}]}], [{"keyedAppStates": [{"key": 7}]}]],
)
def test_a_report_of_another_shape_is_refused(reports: object) -> None:
    with pytest.raises(ValidationError):
        inventory(applicationReports=reports)


def test_samsungs_mail_is_told_to_sign_with_the_certificate_that_the_profile_refers_to() -> None:
    result = delivered("androidEasEmailProfileConfiguration", named=False, signs=True)
    assert result["packageName"] == "com.samsung.android.email.provider"
    configuration = result["managedConfiguration"]
    assert configuration["require_signed_smime_messages"] is True
    assert configuration["force_smime_certificate_alias"] == f"pkcs-{SIGNING}"
    without = delivered("androidEasEmailProfileConfiguration", named=False)["managedConfiguration"]
    assert not [name for name in without if "smime" in name]


@pytest.mark.parametrize(
    ("mode", "management", "refused"),
    [
        ("knox", None, False),
        ("device-admin", None, False),
        ("aosp", "DEVICE_OWNER", False),
        ("dedicated", "DEVICE_OWNER", False),
        ("corporate-work-profile", "PROFILE_OWNER", False),
        ("knox", "DEVICE_OWNER", True),
        ("device-admin", "PROFILE_OWNER", True),
        ("corporate-work-profile", "DEVICE_OWNER", True),
    ],
)
def test_a_mode_goes_with_one_management_mode_or_with_none(mode: str, management: str | None, *, refused: bool) -> None:
    words = {"enrollmentToken": "t", "csr": "AAAA", "mode": mode, "managementMode": management}
    message = messages.Enroll.model_validate(words)
    if not refused:
        assert translate.enrollment_request(message).mode == mode
        return
    with pytest.raises(Invalid, match="managementMode"):
        translate.enrollment_request(message)
