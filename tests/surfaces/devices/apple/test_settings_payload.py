"""The profiles with which Apple devices are given settings."""

from __future__ import annotations

import base64
import plistlib
from pathlib import Path
from typing import Any

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.items import LedgerRow, setting_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.settings import Setting, Unit
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.surfaces.devices.apple import translate
from fauxtune.surfaces.devices.apple.translate import DeviceContext

WIRE = Path(__file__).parents[3] / "wire" / "apple"
TENANT = TenantId("c0ffee00-0000-4000-8000-000000000001")
PASSCODE = "com.apple.mobiledevice.passwordpolicy"


def profile(name: str, *settings: Setting, variant: Variant = Variant.IOS) -> dict[str, Any]:
    unit = Unit(settings)
    row = LedgerRow(setting_key(name), Source.SETTING, ItemState.SENT, unit.fingerprint, payload=unit.encode())
    written = translate.profile(Deliverable(row, unit=unit), DeviceContext(TENANT, variant, "17.5.1"))
    document: dict[str, Any] = plistlib.loads(written)
    return document


def test_the_profile_of_rules_for_passcodes_is_that_of_the_example() -> None:
    ours = profile(
        PASSCODE,
        Setting(f"{PASSCODE}/forcePIN", "bool", True),
        Setting(f"{PASSCODE}/minLength", "int", 6),
        Setting(f"{PASSCODE}/pinHistory", "int", None, in_conflict=True),
    )
    assert ours == plistlib.loads((WIRE / "profile-settings.mobileconfig").read_bytes())


def test_a_custom_profile_keeps_its_payloads_under_other_names() -> None:
    payload = {"PayloadType": "com.contoso", "PayloadIdentifier": "theirs", "PayloadUUID": "u", "Zoom": 2}
    whole = {"PayloadContent": [payload, payload], "PayloadRemovalDisallowed": True}
    content = base64.b64encode(plistlib.dumps(whole)).decode()
    ours = profile("custom-p", Setting("custom-p", "mobileconfig", content), variant=Variant.MACOS)
    assert ours["PayloadIdentifier"] == f"com.fauxtune.{TENANT}.setting.custom-p"
    assert ours["PayloadScope"] == "System"
    assert [each["Zoom"] for each in ours["PayloadContent"]] == [2, 2]
    assert len({each["PayloadUUID"] for each in ours["PayloadContent"]}) == 2
