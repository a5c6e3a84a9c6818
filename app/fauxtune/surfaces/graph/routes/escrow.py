"""What devices have escrowed: recovery keys, and passwords of local administrators.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import approximated
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import escrow

RECOVERY_KEY = entity("bitlockerRecoveryKey")
LOCAL_CREDENTIAL = entity("deviceLocalCredentialInfo")

_KEYS, _CREDENTIALS = "informationProtection/bitlocker/recoveryKeys", "directory/deviceLocalCredentials"
_BY_DEVICES = approximated("reading a secret is written into the journal, not into the audit log of Entra ID")

ESCROW: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        _KEYS,
        escrow.list_recovery_keys,
        "List the recovery keys of BitLocker, without the keys",
        returns=RECOVERY_KEY,
        many=True,
        permissions=needs.READ_RECOVERY_KEYS,
        source="Graph: bitlocker: list recoveryKeys",
    ),
    Route(
        "GET",
        f"{_KEYS}/$count",
        escrow.count_recovery_keys,
        "Count the recovery keys of BitLocker",
        permissions=needs.READ_RECOVERY_KEYS,
        source="Graph: bitlocker: list recoveryKeys",
    ),
    Route(
        "GET",
        f"{_KEYS}/{{recoveryKey}}",
        escrow.get_recovery_key,
        "Get a recovery key of BitLocker; $select=key shows it",
        returns=RECOVERY_KEY,
        permissions=needs.OPEN_RECOVERY_KEYS,
        source="Graph: bitlockerRecoveryKey: get",
        fidelity=_BY_DEVICES,
        dated=True,
    ),
    Route(
        "GET",
        _CREDENTIALS,
        escrow.list_local_credentials,
        "List the devices that have escrowed the password of a local administrator",
        returns=LOCAL_CREDENTIAL,
        many=True,
        permissions=needs.READ_LOCAL_CREDENTIALS,
        source="Graph: deviceLocalCredentialInfo: list",
    ),
    Route(
        "GET",
        f"{_CREDENTIALS}/$count",
        escrow.count_local_credentials,
        "Count the devices that have escrowed the password of a local administrator",
        permissions=needs.READ_LOCAL_CREDENTIALS,
        source="Graph: deviceLocalCredentialInfo: list",
    ),
    Route(
        "GET",
        f"{_CREDENTIALS}/{{device}}",
        escrow.get_local_credential,
        "Get the passwords of a local administrator, by the deviceId; $select=credentials shows them",
        returns=LOCAL_CREDENTIAL,
        permissions=needs.OPEN_LOCAL_CREDENTIALS,
        source="Graph: deviceLocalCredentialInfo: get",
        fidelity=_BY_DEVICES,
        dated=True,
    ),
)
