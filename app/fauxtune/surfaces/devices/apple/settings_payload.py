"""Settings as payloads of configuration profiles: one profile for each type of payload, with the keys of all policies;
a custom profile with its own payloads.

Apple: "Device Management", Profile-Specific Payload Keys. Differs from Intune: there each policy is a profile, and the
device combines payloads of one type.
"""

from __future__ import annotations

import base64
from typing import Any

from fauxtune.core.formats import plist
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.items import LedgerRow, key_name
from fauxtune.core.model.settings import Unit
from fauxtune.core.profiles.settings import MOBILECONFIG
from fauxtune.surfaces.devices.apple import mobileconfig

#: What says what a payload is; the service writes it itself.
_NAMES = frozenset({"PayloadType", "PayloadVersion", "PayloadIdentifier", "PayloadUUID"})


def profile(tenant_id: TenantId, row: LedgerRow, *, unit: Unit, on_mac: bool) -> bytes:
    """Write the profile of these settings."""
    (first, *_others) = unit.delivered
    if first.form == MOBILECONFIG:
        return mobileconfig.settings_profile(tenant_id, row, contents=_custom(first.value), on_mac=on_mac)
    kind = key_name(row.key)
    content = {setting.address.removeprefix(f"{kind}/"): setting.value for setting in unit.delivered}
    return mobileconfig.settings_profile(tenant_id, row, contents=[(kind, content)], on_mac=on_mac)


def _custom(content: str) -> list[tuple[str, dict[str, Any]]]:
    payloads = plist.dictionaries(plist.parse(base64.b64decode(content)), "PayloadContent")
    return [
        (str(payload.get("PayloadType")), {key: value for key, value in payload.items() if key not in _NAMES})
        for payload in payloads
    ]
