"""Settings as keys of Android's policy, and how a device says that it does not comply with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow, setting_key
from fauxtune.core.model.settings import Setting, Unit
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.profiles.setting_tables.reading import words
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.surfaces.devices.android import messages, translate
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


def test_the_policy_is_that_of_the_example() -> None:
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
