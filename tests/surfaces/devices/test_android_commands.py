"""The commands of Android devices, as the server writes them, and what it reads of their answers.

How a device says no, and what it is told when its words cannot be understood.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fauxtune.core.engine.device_actions.support import EMULATED
from fauxtune.core.errors import Invalid
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import LedgerRow, email_key, imported_key, pkcs_key, root_key, scep_key
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Platform, modes_of
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.devices.actions import ENDS, Order
from fauxtune.surfaces.devices.android import messages, translate
from fauxtune.surfaces.devices.android import routes as commands

EXAMPLES = Path(__file__).parents[2] / "wire" / "android"
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def example(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text())
    return document


def order(action: DeviceAction, *, scope: str = "", **details: Any) -> Order:
    return Order(id="o", action=action, created_at=NOW, scope=scope, details=details)


PROFILE, MAIL = ProfileId("7b1c7a52-6d1b-4b8e-9a55-0c2f6b7a9e01"), ProfileId("91d7a9a2-54a6-4a0e-8a39-6d0f3f9b7c11")
MARK, DIGEST = "ab" * 20, "cd" * 32
GMAIL = "com.google.android.gm"
ACCOUNT = Account("androidWorkProfileGmailEasConfiguration", "mail.example", "a@example.com", "a")
PKCS, IMPORTED, ROOT, EMAIL = pkcs_key(PROFILE), imported_key(MARK), root_key(DIGEST), email_key(MAIL)
SCEP = scep_key(PROFILE)
VERSION = 4


def row(key: ItemKey, source: Source, *, state: ItemState = ItemState.SENT, payload: bytes | None = None) -> LedgerRow:
    return LedgerRow(key, source, state, fingerprint="f", payload=payload)


#: In the order of the ledger, which is that of the policy; the first certificate was taken away.
ROWS = {
    ledger.key: ledger
    for ledger in (
        row(EMAIL, Source.EMAIL, payload=ACCOUNT.encode()),
        row(imported_key("00" * 20), Source.IMPORTED, state=ItemState.REMOVED),
        row(IMPORTED, Source.IMPORTED),
        row(PKCS, Source.PKCS),
        row(ROOT, Source.ROOT),
    )
}


def refused(setting: str, path: str = "", *, applied: int = VERSION, **more: str) -> set[ItemKey]:
    detail = {"settingName": setting, "fieldPath": path, "currentValue": "full", **more}
    body = {"appliedPolicyVersion": str(applied), "nonComplianceDetails": [detail]}
    report = messages.ReportStatus.model_validate(body)
    result = translate.inventory(report, policy_version=VERSION, rows=ROWS).refused
    assert all("full" in problem.message for problem in result.values())
    return set(result)


def test_every_action_that_is_carried_to_android_has_a_command() -> None:
    assert set(commands.COMMANDS) == EMULATED[Platform.ANDROID] - {*ENDS, DeviceAction.SYNC}


def test_the_commands_are_those_of_the_example() -> None:
    results = [
        order(DeviceAction.LOCK),
        order(DeviceAction.REBOOT),
        order(DeviceAction.RESET_PASSCODE, passcode="00427193"),
        order(DeviceAction.LOCATE),
        order(DeviceAction.PLAY_SOUND, durationInMinutes="2"),
        order(DeviceAction.RENAME, deviceName="Reception 1"),
        order(DeviceAction.NOTIFY, notificationTitle="Lunch", notificationBody="Soup today"),
    ]
    written = [
        messages.operation(
            device=one["name"].partition("/operations/")[0],
            key=one["name"].rpartition("/")[2],
            created=one["metadata"]["createTime"],
            command=commands.command_of(result),
        )
        for one, result in zip(example("operations-commands")["operations"], results, strict=True)
    ]
    assert {"operations": written} == example("operations-commands")


def test_a_wipe_has_its_scope() -> None:
    assert commands.command_of(order(DeviceAction.WIPE, scope="DEVICE")) == {"type": "WIPE", "scope": "DEVICE"}


def test_where_a_device_is_comes_in_graphs_words() -> None:
    message = messages.Complete.model_validate(example("complete-request-location"))
    assert commands.answer_in(message) == {
        "location": {
            "latitude": 47.6423,
            "longitude": -122.1391,
            "altitude": 56.0,
            "horizontalAccuracy": 20.0,
            "verticalAccuracy": 0.0,
            "heading": 0.0,
            "speed": 0.0,
        }
    }
    assert commands.answer_in(messages.Complete.model_validate(example("complete-request"))) is None


@pytest.mark.parametrize(
    "location",
    [
        {},
        {"latitude": 91, "longitude": 0},
        {"latitude": 0, "longitude": -181},
        {"latitude": "north", "longitude": 0},
        {"latitude": 0, "longitude": 0, "speed": float("inf")},
        {"latitude": float("nan"), "longitude": 0},
        [],
    ],
)
def test_a_place_that_does_not_exist_is_refused(location: Any) -> None:
    with pytest.raises(ValidationError):
        messages.Complete.model_validate({"response": {"location": location}})


@pytest.mark.parametrize(
    ("setting", "path", "key"),
    [
        ("keyPairs", f"keyPairs[alias=pkcs-{PROFILE}]", PKCS),
        ("keyPairs", f'keyPairs[alias="pkcs-{PROFILE}"]', PKCS),
        ("keyPairs", f"keyPairs[alias=='pkcs-{PROFILE}'].pkcs12", PKCS),
        ("keyPairs", f"keyPairs['pkcs-{PROFILE}']", PKCS),
        ("keyPairs", f"keyPairs[imported-{MARK.upper()}]", IMPORTED),
        ("keyPairs", f"keyPairs.imported-{MARK}", IMPORTED),
        ("keyPairs", f"pkcs-{PROFILE}", PKCS),
        ("keypairs", f'"imported-{MARK}"', IMPORTED),
        ("keyPairs", f"alias=imported-{MARK}", IMPORTED),
        ("keyPairs", "keyPairs[0]", IMPORTED),
        ("keyPairs", "keyPairs[1].encryptedPassword", PKCS),
        ("caCerts", f"caCerts[sha256={DIGEST}]", ROOT),
        ("caCerts", ":".join(["CD"] * 32), ROOT),
        ("caCerts", "caCerts[0]", ROOT),
        ("applications", f"applications[emailAccount=email-{MAIL}]", EMAIL),
        ("applications", f"applications[packageName={GMAIL}].managedConfiguration", EMAIL),
        ("applications", "applications[0].managedConfiguration.exchange_host", EMAIL),
    ],
)
def test_a_refusal_is_understood_in_every_spelling(setting: str, path: str, key: ItemKey) -> None:
    assert refused(setting, path) == {key}


def test_an_application_may_be_named_by_its_package_as_in_amapi() -> None:
    assert refused("applications", packageName=GMAIL) == {EMAIL}


@pytest.mark.parametrize(
    ("setting", "path", "right"),
    [
        ("keyPairs", "", r"keyPairs\[alias=ALIAS\]"),
        ("keyPairs", "keyPairs", r"keyPairs\[alias=ALIAS\]"),
        ("keyPairs", "mine", r"keyPairs\[alias=ALIAS\]"),
        ("keyPairs", "keyPairs[2]", r"keyPairs\[0\]"),
        ("keyPairs", f"pkcs-{MAIL}", "names no entry"),
        ("caCerts", MARK, r"caCerts\[sha256=DIGEST\]"),
        ("applications", "applications[packageName=com.example]", r"applications\[emailAccount=ID\]"),
        ("passwordPolicies", "passwordPolicies[0]", "settingName must be one of keyPairs, caCerts, applications"),
    ],
)
def test_a_refusal_that_names_nothing_is_answered_with_what_would_be_right(setting: str, path: str, right: str) -> None:
    with pytest.raises(Invalid, match=right):
        refused(setting, path)


def test_a_report_about_an_older_policy_may_name_what_has_gone_since() -> None:
    older = VERSION - 1
    assert refused("keyPairs", "keyPairs[0]", applied=older) == set(), "the lists of the older policy are not known"
    assert refused("keyPairs", f"pkcs-{MAIL}", applied=older) == set()
    assert refused("keyPairs", f"pkcs-{PROFILE}", applied=older) == {PKCS}
    with pytest.raises(Invalid, match="names no entry"):
        refused("keyPairs", "mine", applied=older)


def enrolment(**words: Any) -> messages.Enroll:
    return messages.Enroll.model_validate({"enrollmentToken": "t", "csr": "AAAA", **words})


@pytest.mark.parametrize(
    ("words", "mode"),
    [
        ({}, "work-profile"),
        ({"managementMode": "PROFILE_OWNER"}, "work-profile"),
        ({"managementMode": "PROFILE_OWNER", "ownership": "COMPANY_OWNED"}, "corporate-work-profile"),
        ({"managementMode": "DEVICE_OWNER"}, "fully-managed"),
        ({"managementMode": "DEVICE_OWNER", "mode": "dedicated"}, "dedicated"),
    ],
)
def test_a_device_that_says_no_mode_has_the_one_that_its_management_mode_means(words: Any, mode: str) -> None:
    assert translate.enrollment_request(enrolment(**words)).mode == mode


def test_a_contradiction_names_the_two_values_that_were_sent() -> None:
    with pytest.raises(Invalid) as caught:
        translate.enrollment_request(enrolment(mode="work-profile", managementMode="DEVICE_OWNER"))
    assert "mode work-profile and managementMode DEVICE_OWNER" in caught.value.message
    assert "PROFILE_OWNER" not in caught.value.message


def test_the_modes_of_android_are_those_of_its_door() -> None:
    assert modes_of(Platform.ANDROID)[0] == "work-profile"
    assert modes_of(Platform.IOS) == ()


@pytest.mark.parametrize(
    ("csr", "words"),
    [
        ("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n", "this is PEM"),
        ("MIIB\nMIIB", "on one line"),
        ("*", "not base64"),
    ],
)
def test_a_certificate_request_in_another_form_is_told_what_is_wanted(csr: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        enrolment(csr=csr)


def test_a_request_that_an_authority_has_not_decided_is_no_refusal() -> None:
    rows = {**ROWS, SCEP: row(SCEP, Source.SCEP)}
    for reason, keys in {"PENDING": set(), "INVALID_VALUE": {SCEP}}.items():
        detail = {"settingName": "keyPairs", "fieldPath": f"keyPairs[alias=scep-{PROFILE}]"}
        body = {
            "appliedPolicyVersion": str(VERSION),
            "nonComplianceDetails": [detail | {"nonComplianceReason": reason}],
        }
        report = messages.ReportStatus.model_validate(body)
        assert set(translate.inventory(report, policy_version=VERSION, rows=rows).refused) == keys
