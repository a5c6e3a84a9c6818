"""What devices hand over: recovery keys of BitLocker, passwords of local administrators, and logs.

Source: Graph reference, bitlockerRecoveryKey, deviceLocalCredentialInfo,
deviceLogCollectionResponse.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import EXACT, approximated
from fauxtune.core.odata.schema.overlay import Overlay

ESCROW = (
    Overlay(
        "deviceLogCollectionResponse",
        server="*",
        fidelity=approximated("an archive that the device has uploaded; pending until then, failed after a day"),
        different={approximated("always 0"): "errorCode"},
    ),
    Overlay(
        "bitlockerRecoveryKey",
        server="createdDateTime deviceId key volumeType",
        unfilterable="key",
        when_selected="key",
        different={EXACT: "key"},
    ),
    Overlay(
        "deviceLocalCredentialInfo",
        server="credentials deviceName lastBackupDateTime refreshDateTime",
        unfilterable="credentials",
        when_selected="credentials",
        different={approximated("always thirty days after the backup"): "refreshDateTime"},
    ),
)
