"""Android's policy: settings as its keys, the certificates that a device requests, and its e-mail accounts.

Also how a device says that it does not comply, and what it shows of its certificates and accounts.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import Claim, LedgerRow, email_key, imported_key, pkcs_key, scep_key, setting_key
from fauxtune.core.model.mail_accounts import Account, NamedCertificate
from fauxtune.core.model.scep import ScepDelivery, ScepRequest
from fauxtune.core.model.settings import Setting, Unit
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.profiles.setting_tables.reading import words
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.surfaces.devices.android import answers, messages, translate
from fauxtune.surfaces.devices.android.answers import Policy

WIRE = Path(__file__).parents[2] / "wire" / "android"
VALUES = {
    "cameraDisabled": ("bool", True),
    "maximumTimeToLock": ("int64", "300000"),
    "passwordPolicies/SCOPE_DEVICE/passwordMinimumLength": ("int", 6),
    "passwordPolicies/SCOPE_PROFILE/passwordQuality": ("enum", "NUMERIC_COMPLEX"),
    "crossProfilePolicies/crossProfileCopyPaste": ("enum", "COPY_FROM_WORK_TO_PERSONAL_DISALLOWED"),
}


def unit(name: str) -> Unit:
    form, value = VALUES[name]
    return Unit((Setting(name, form, value),))


def row(name: str) -> LedgerRow:
    known = unit(name)
    return LedgerRow(setting_key(name), Source.SETTING, ItemState.SENT, known.fingerprint, payload=known.encode())


ROWS: dict[ItemKey, LedgerRow] = {setting_key(name): row(name) for name in VALUES}
ITEMS = [Deliverable(ROWS[setting_key(name)], unit=unit(name)) for name in VALUES]
PROFILE = ProfileId("7b1c7a52-6d1b-4b8e-9a55-0c2f6b7a9e01")
REQUEST = ScepRequest(
    urls=("https://ndes.contoso.example/scep", "https://ndes2.contoso.example/scep"),
    subject="CN=alice",
    names=(("emailAddress", "alice@contoso.example"),),
    key_usages=("digitalSignature",),
    key_size=None,
    hash_algorithm=None,
    extended_key_usages=("1.3.6.1.5.5.7.3.4",),
    days=365,
    renew_percent=20,
)
ROW = LedgerRow(scep_key(PROFILE), Source.SCEP, ItemState.SENT, fingerprint="f", claims=(Claim(PROFILE, "a"),))


def pair(challenge: str, *, fingerprint: str = "f") -> answers.KeyPair:
    delivery = ScepDelivery(REQUEST, REQUEST.urls[0], challenge, ca_thumbprint="cd" * 20, renews=True)
    row = LedgerRow(ROW.key, ROW.source, ROW.state, fingerprint=fingerprint, claims=ROW.claims)
    document = translate.policy(enterprise="e", version=1, items=[Deliverable(row, scep=delivery)])
    return answers.Policy.model_validate(document).key_pairs[0]


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


def test_the_policy_of_settings_is_that_of_the_example() -> None:
    ours = translate.policy(enterprise="c0ffee00-0000-4000-8000-000000000001", version=9, items=ITEMS)
    assert ours == json.loads((WIRE / "policy-settings.json").read_text())


def refused(setting: str, path: str = "", *, applied: int = 9) -> set[str]:
    detail = {"settingName": setting, "fieldPath": path, "nonComplianceReason": "USER_ACTION"}
    body = {"appliedPolicyVersion": str(applied), "nonComplianceDetails": [detail]}
    report = translate.inventory(messages.ReportStatus.model_validate(body), policy_version=9, rows=ROWS)
    # What it does not name it has applied, if it has the current policy; the refusal counts in any case.
    assert set(report.accounts) == (set(ROWS) if applied == 9 else set())
    return {key.partition("/")[2] for key in report.refused}


@pytest.mark.parametrize(
    ("setting", "path", "names"),
    [
        ("cameraDisabled", "", {"cameraDisabled"}),
        ("CameraDisabled", "cameraDisabled", {"cameraDisabled"}),
        (
            "passwordPolicies",
            "",
            {
                "passwordPolicies/SCOPE_DEVICE/passwordMinimumLength",
                "passwordPolicies/SCOPE_PROFILE/passwordQuality",
            },
        ),
        (
            "passwordPolicies",
            "passwordPolicies[passwordScope=SCOPE_PROFILE].passwordQuality",
            {"passwordPolicies/SCOPE_PROFILE/passwordQuality"},
        ),
        (
            "crossProfilePolicies",
            "crossProfilePolicies.crossProfileCopyPaste",
            {"crossProfilePolicies/crossProfileCopyPaste"},
        ),
    ],
)
def test_a_device_names_what_it_refuses(setting: str, path: str, names: set[str]) -> None:
    assert refused(setting, path) == names


def test_a_key_of_an_older_policy_is_ignored_and_one_of_no_policy_refused() -> None:
    assert refused("bluetoothDisabled", applied=8) == set()
    with pytest.raises(Invalid, match="a key of the device's policy"):
        refused("colour")


def test_every_key_that_a_profile_can_become_is_described() -> None:
    keys = {
        word.address.partition("/")[0] for kind, rows in words().items() if kind.startswith("android") for word in rows
    }
    described = {field.alias for field in Policy.model_fields.values()}
    assert keys <= described


def test_the_policy_says_what_to_request_from_whom() -> None:
    entry = pair("Y2hhbGxlbmdl")
    assert (entry.alias, entry.source, entry.certificate_profile_id) == (f"scep-{PROFILE}", "SCEP", PROFILE)
    assert entry.scep is not None
    wanted = entry.scep.model_dump()
    assert {name: wanted[name] for name in ("server_url", "challenge", "key_size", "hash_algorithms", "renews")} == {
        "server_url": REQUEST.urls[0],
        "challenge": "Y2hhbGxlbmdl",
        "key_size": 2048,
        "hash_algorithms": ["sha2"],
        "renews": True,
    }


def test_the_policy_about_a_certificate_is_that_of_the_example() -> None:
    first, other = REQUEST.urls
    delivery = ScepDelivery(REQUEST, first, "Y2hhbGxlbmdl", ca_thumbprint="cd" * 20, renews=True, other_urls=(other,))
    items = [Deliverable(ROW, scep=delivery)]
    ours = translate.policy(enterprise="c0ffee00-0000-4000-8000-000000000001", version=9, items=items)
    assert ours == json.loads((WIRE / "policy-scep.json").read_text())


def test_another_certificate_is_another_revision_and_another_challenge_is_not() -> None:
    first, second, other = pair("one"), pair("two"), pair("one", fingerprint="f/after/x")
    assert first.scep is not None
    assert second.scep is not None
    assert other.scep is not None
    assert first.scep.revision == second.scep.revision != other.scep.revision


def test_without_a_challenge_the_device_keeps_what_it_has() -> None:
    assert pair("").scep is None


def test_the_thumbprint_is_that_of_the_certificate_that_the_device_shows() -> None:
    der = b"a certificate"
    mark = hashlib.sha1(der, usedforsecurity=False).hexdigest()
    alias = {"alias": f"scep-{PROFILE}", "sha1": "ff" * 20, "x509": base64.b64encode(der).decode()}
    report = messages.ReportStatus.model_validate({"appliedPolicyVersion": "1", "keyStore": {"aliases": [alias]}})
    inventory = translate.inventory(report, policy_version=1, rows={ROW.key: ROW})
    assert (inventory.identities, inventory.certificates) == ({ROW.key: mark}, {mark: der})


def test_what_is_no_thumbprint_says_only_that_there_is_a_certificate() -> None:
    for mark, expected in {"AB" * 20: "ab" * 20, "x" * 5000: "", "": ""}.items():
        aliases = [{"alias": f"scep-{PROFILE}", "sha1": mark}]
        report = messages.ReportStatus.model_validate({"appliedPolicyVersion": "1", "keyStore": {"aliases": aliases}})
        assert translate.inventory(report, policy_version=1, rows={ROW.key: ROW}).identities == {ROW.key: expected}


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
