"""What devices have escrowed. Graph: bitlockerRecoveryKey, deviceLocalCredentialInfo, managedDevice: getFileVaultKey.

A secret is shown only of one device, and only where `$select` names it; that is written into the journal.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.actions import EscrowKind
from fauxtune.core.model.ids import DirectoryDeviceId
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import approximated
from fauxtune.operations.devices import escrow
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.collections.directory import DIRECTORY_DEVICES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.storage.queries import device_records as queries
from fauxtune.storage.rows.ledger import EscrowedSecretRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import count_documents, list_documents
from fauxtune.surfaces.graph.resources.managed_devices import DEVICE_PATHS, device_row

RECOVERY_KEY = entity("bitlockerRecoveryKey")
LOCAL_CREDENTIAL = entity("deviceLocalCredentialInfo")
_KEYS, _CREDENTIALS = "informationProtection/bitlocker/recoveryKeys", "directory/deviceLocalCredentials"
_KEY, _PASSWORDS = "key", "credentials"
_JOURNAL = approximated("reading a secret is written into the journal, not into the audit log of Entra ID")

KEYS = Routes(_KEYS, type=RECOVERY_KEY, read=needs.READ_RECOVERY_KEYS)
OF_DEVICE = Routes(*DEVICE_PATHS, source="Graph: managedDevice: {verb}")
CREDENTIALS = Routes(_CREDENTIALS, type=LOCAL_CREDENTIAL, read=needs.READ_LOCAL_CREDENTIALS)
#: Windows LAPS: a password is replaced after thirty days, unless a policy says otherwise.
_PASSWORD_AGE = timedelta(days=30)


@KEYS.list(source="Graph: bitlocker: list recoveryKeys")
async def list_recovery_keys(call: Call) -> Answer:
    """List the recovery keys of BitLocker, without the keys."""
    _refuse_secret(call, _KEY)
    documents = [document for _row, document in await call.read(_recovery_keys, call)]
    return list_documents(call, documents, entity=RECOVERY_KEY, context=_KEYS)


@KEYS.count(source="Graph: bitlocker: list recoveryKeys")
async def count_recovery_keys(call: Call) -> Answer:
    """Count the recovery keys of BitLocker."""
    documents = [document for _row, document in await call.read(_recovery_keys, call)]
    return count_documents(call, documents, entity=RECOVERY_KEY)


@KEYS.get("/{recoveryKey}", permissions=needs.OPEN_RECOVERY_KEYS, fidelity=_JOURNAL, dated=True)
async def get_recovery_key(call: Call) -> Answer:
    """Get a recovery key of BitLocker; $select=key shows it."""
    check_options(call, RECOVERY_KEY)
    key = call.keys["recoveryKey"]
    known = {str(document["id"]): (row, document) for row, document in await call.read(_recovery_keys, call)}
    if key.lower() not in known:
        raise missing(key)
    row, document = known[key.lower()]
    if _KEY in _selected(call):
        document = {**document, _KEY: await call.run(escrow.open_secret, row, keys=call.emulator.keys)}
    selected = view(RECOVERY_KEY, document, version=call.version, select=call.query.select)
    return entity_answer(call, selected, context=_KEYS)


@CREDENTIALS.list()
async def list_local_credentials(call: Call) -> Answer:
    """List the devices that have escrowed the password of a local administrator.

    The passwords are not among it.
    """
    _refuse_secret(call, _PASSWORDS)
    documents = [document for _rows, document in await call.read(_local_credentials, call)]
    return list_documents(call, documents, entity=LOCAL_CREDENTIAL, context=_CREDENTIALS)


@CREDENTIALS.count()
async def count_local_credentials(call: Call) -> Answer:
    """Count the devices that have escrowed the password of a local administrator."""
    documents = [document for _rows, document in await call.read(_local_credentials, call)]
    return count_documents(call, documents, entity=LOCAL_CREDENTIAL)


@CREDENTIALS.get("/{device}", permissions=needs.OPEN_LOCAL_CREDENTIALS, fidelity=_JOURNAL, dated=True)
async def get_local_credential(call: Call) -> Answer:
    """Get the passwords of a local administrator, by the deviceId; $select=credentials shows them.

    The newest is first.
    """
    check_options(call, LOCAL_CREDENTIAL)
    key = call.keys["device"]
    known = {str(document["id"]): (rows, document) for rows, document in await call.read(_local_credentials, call)}
    if key.lower() not in known:
        raise missing(key)
    rows, document = known[key.lower()]
    if _PASSWORDS in _selected(call):

        def passwords(tx: Transaction) -> list[Json]:
            return [_credential(row, escrow.open_secret(tx, row, keys=call.emulator.keys)) for row in rows]

        document = {**document, _PASSWORDS: await call.run(passwords)}
    selected = view(LOCAL_CREDENTIAL, document, version=call.version, select=call.query.select)
    return entity_answer(call, selected, context=_CREDENTIALS)


@OF_DEVICE.function(
    "/getFileVaultKey",
    permissions=(*needs.READ_CONFIGURATION, *needs.READ_MANAGED),
    beta_only=True,
    fidelity=approximated("404 where none was escrowed; the reading is written only into the journal"),
    dated=True,
)
async def get_file_vault_key(call: Call) -> Answer:
    """Recovery key of FileVault.

    Unverified: 404 for a device that has escrowed none.
    """
    device = await device_row(call)

    def key(tx: Transaction) -> str:
        row = queries.secret_of_enrollment(
            tx.connection, tx.tenant.id, enrollment_id=device.enrollment_id, kind=EscrowKind.FILE_VAULT
        )
        if row is None:
            raise NotFound(f"The device '{device.id}' has escrowed no recovery key of FileVault.")
        return escrow.open_secret(tx, row, keys=call.emulator.keys)

    return Answer(200, {"@odata.context": call.context("Edm.String"), "value": await call.run(key)})


def _selected(call: Call) -> set[str]:
    return {name.lower() for name in call.query.select or ()} & {_KEY, _PASSWORDS}


def _refuse_secret(call: Call, name: str) -> None:
    """Raise Invalid for a list that is to show secrets."""
    if name in _selected(call):
        raise Invalid(f"'{name}' is shown only of one element, not in a list.", target="$select")


def _recovery_keys(connection: Connection, call: Call) -> list[tuple[EscrowedSecretRow, Json]]:
    rows = queries.secrets_of_kind(connection, call.tenant.id, kind=EscrowKind.BITLOCKER)
    devices = _devices(connection, call, rows=rows)
    return [
        (
            row,
            {
                "id": row.id,
                "createdDateTime": iso(row.created_at),
                "deviceId": devices[row.directory_device_id].get("deviceId"),
                "volumeType": row.details.get("volumeType", "operatingSystemVolume"),
                _KEY: "",
            },
        )
        for row in rows
        if row.directory_device_id in devices
    ]


def _local_credentials(connection: Connection, call: Call) -> list[tuple[list[EscrowedSecretRow], Json]]:
    rows = queries.secrets_of_kind(connection, call.tenant.id, kind=EscrowKind.LOCAL_ADMINISTRATOR)
    devices = _devices(connection, call, rows=rows)
    of_devices: dict[DirectoryDeviceId, list[EscrowedSecretRow]] = {}
    for row in rows:
        of_devices.setdefault(row.directory_device_id, []).append(row)
    return [
        (
            backups,
            {
                "id": devices[device_id].get("deviceId"),
                "deviceName": devices[device_id].get("displayName"),
                "lastBackupDateTime": iso(backups[0].created_at),
                "refreshDateTime": iso(backups[0].created_at + _PASSWORD_AGE),
                _PASSWORDS: [],
            },
        )
        for device_id, backups in of_devices.items()
        if device_id in devices
    ]


def _credential(row: EscrowedSecretRow, password: str) -> Json:
    return {
        "accountName": row.details.get("accountName"),
        "accountSid": row.details.get("accountSid"),
        "backupDateTime": iso(row.created_at),
        # Unverified: the characters' encoding. Microsoft's own module reads UTF-8.
        "passwordBase64": base64.b64encode(password.encode()).decode(),
    }


def _devices(connection: Connection, call: Call, *, rows: Sequence[EscrowedSecretRow]) -> dict[DirectoryDeviceId, Json]:
    """Return the documents of the Entra devices that have escrowed these secrets."""
    ids = {row.directory_device_id for row in rows}
    devices = collections.elements(connection, call.tenant.id, collection=DIRECTORY_DEVICES, keys=ids)
    return {row.id: row.document for row in devices.values()}
