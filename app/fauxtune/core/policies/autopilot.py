"""Windows Autopilot: the import of hardware hashes, and what it gives.

Graph: importedWindowsAutopilotDeviceIdentity, windowsAutopilotDeviceIdentity; Windows IT Pro docs: "Windows Autopilot
known issues" for the numbers of errors.
"""

from __future__ import annotations

import binascii
from base64 import b64decode

from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import Rules

EMPTY_GUID = "00000000-0000-0000-0000-000000000000"
_STATE = "#microsoft.graph.importedWindowsAutopilotDeviceIdentityState"

DEPLOYMENT_PROFILES = Rules("windowsAutopilotDeploymentProfiles", unassigned_to_delete=True)
IDENTITIES = Rules("windowsAutopilotDeviceIdentities")
#: The hash itself is not kept.
IMPORTS = Rules("importedWindowsAutopilotDeviceIdentities", derived=lambda each: {**each, "hardwareIdentifier": ""})


def import_state(status: str, *, device_id: str = "", code: int = 0, name: str = "") -> JsonObject:
    """Return the state of an import; `device_id` is the identity's that it gave."""
    return {
        "@odata.type": _STATE,
        "deviceImportStatus": status,
        "deviceRegistrationId": device_id,
        "deviceErrorCode": code,
        "deviceErrorName": name,
    }


def is_hash(text: str) -> bool:
    """Whether a text can be a hardware hash: Windows' begin with OA. Unverified: what else the service looks at."""
    try:
        return b64decode(text, validate=True).startswith(b"OA")
    except binascii.Error:
        return False


#: 802 and 806 are the numbers that Windows' documentation has.
INVALID_HASH = import_state("error", code=802, name="InvalidZtdHardwareHash")
ALREADY_ASSIGNED = import_state("error", code=806, name="ZtdDeviceAlreadyAssigned")
