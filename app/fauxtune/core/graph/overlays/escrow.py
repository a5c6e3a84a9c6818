"""What devices have escrowed: recovery keys of BitLocker, and passwords of local administrators.

Source: Graph reference, bitlockerRecoveryKey, deviceLocalCredentialInfo.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import EXACT, approximated
from fauxtune.core.odata.schema.overlay import Overlay

ESCROW = (
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
