"""The parts of apps that are files: contents in versions, and scripts that install and uninstall.

A file is checked when it is committed, before anything is written: a process that is killed meanwhile leaves the file
uncommitted, and the client commits it again. Neither the keys of a file nor its plain bytes are kept.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import timedelta

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import ResourceId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.encrypted_content import ContentCheck, Encryption
from fauxtune.core.policies.apps import CONTENT_RULES, CONTENT_SCRIPT_RULES, FILE_RULES, WITH_CONTENT
from fauxtune.operations.apps import apps
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.contents import Contents
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.contents import MOST_OF_ONE
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow

#: How long an address is valid. Unverified; clients renew it about every seven minutes.
ADDRESS_VALID = timedelta(minutes=15)
#: Versions of an app, and files of a version.
_MOST_VERSIONS, _MOST_FILES = 100, 20
_REQUESTED, _GIVEN, _RENEWED = (
    "azureStorageUriRequestPending",
    "azureStorageUriRequestSuccess",
    "azureStorageUriRenewalSuccess",
)


def add_version(tx: Transaction, app: ResourceRow) -> ResourceRow:
    """Add a content version to an app; its id is the next number."""
    if app.kind not in WITH_CONTENT:
        raise Invalid(f"A {app.kind} has no content that is uploaded.")
    present = apps.content_versions(tx, app)
    if len(present) >= _MOST_VERSIONS:
        raise Invalid(f"An app has at most {_MOST_VERSIONS} content versions here.")
    number = str(1 + max((int(resource.id) for resource in present), default=0))
    document: JsonObject = {"id": number}
    row = ResourceRow(
        tenant_id=tx.tenant.id,
        family=CONTENT_RULES.name,
        parent_id=app.id,
        id=ResourceId(number),
        kind="mobileAppContent",
        version=1,
        created_at=tx.now,
        modified_at=tx.now,
        priority=None,
        document=document,
    )
    queries.add_resource(tx.connection, row)
    return row


def add_file(tx: Transaction, content: ResourceRow, *, document: JsonObject) -> ResourceRow:
    """Add a file to a content version. Return it as it is before it has an address. Raises Invalid for sizes that no
    file can have.
    """
    size, encrypted = document["size"], document["sizeEncrypted"]
    if not 0 < size < encrypted:
        raise Invalid("size must be that of the file, and sizeEncrypted that of its encrypted form, which is larger.")
    if encrypted > MOST_OF_ONE:
        raise Invalid(f"A file has at most {MOST_OF_ONE // 1024 // 1024} MiB here.", target="sizeEncrypted")
    if len(apps.content_files(tx, content)) >= _MOST_FILES:
        raise Invalid(f"A content version has at most {_MOST_FILES} files here.")
    full = {
        **document,
        "uploadState": _REQUESTED,
        "isCommitted": False,
        "azureStorageUri": None,
        "azureStorageUriExpirationDateTime": None,
    }
    row = resources.create(tx, FILE_RULES, kind="mobileAppContentFile", document=full, parent=content)
    _give_address(tx, row, state=_GIVEN)
    return row


def renew(tx: Transaction, row: ResourceRow) -> None:
    """Give a file an address that is valid again from now on. Raises Invalid for a committed file."""
    if row.document["isCommitted"]:
        raise Invalid("The file is committed: nothing more can be uploaded.")
    _give_address(tx, row, state=_RENEWED)


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check: why the uploaded file cannot be accepted, None if it can; and the digest of its bytes."""

    problem: str | None
    digest: str = ""


def check(contents: Contents, row: ResourceRow, *, encryption: Encryption) -> Checked:
    """Check an uploaded file. Blocks: it reads the whole file."""
    document = row.document
    checking = ContentCheck(encryption, size=document["size"], size_encrypted=document["sizeEncrypted"])
    try:
        for piece in contents.store.read(row.tenant_id, row.id):
            checking.update(piece)
    except NotFound:
        return Checked("nothing was uploaded, or the blocks were not put together by a list of blocks")
    return Checked(checking.problem(), checking.served_digest())


def takes_content(connection: Connection, tenant: Tenant, *, file_id: str) -> bool:
    """Whether there is a file of this id whose content may still be uploaded."""
    row = queries.part(connection, tenant.id, family=FILE_RULES.name, part_id=file_id)
    return row is not None and not row.document["isCommitted"]


def settle_commit(tx: Transaction, row: ResourceRow, *, checked: Checked) -> None:
    """Write down the result of a commit. Graph shows no reason; the journal has it."""
    problem = checked.problem
    state = "commitFileSuccess" if problem is None else "commitFileFailed"
    digest = {} if problem else {apps.SERVED_DIGEST: checked.digest}
    _write(tx, row, more={"uploadState": state, "isCommitted": problem is None, **digest})
    name = str(row.document["name"])
    if problem is None:
        tx.record("appContentCommitted", file=name, app=row.parent_id.partition("/")[0])
    else:
        tx.record("appContentRefused", file=name, app=row.parent_id.partition("/")[0], reason=problem)


def file_ids(tx: Transaction, app: ResourceRow) -> list[str]:
    """Return the ids of all files of an app, under which their contents are stored."""
    return [str(file.id) for content in apps.content_versions(tx, app) for file in apps.content_files(tx, content)]


def _give_address(tx: Transaction, row: ResourceRow, *, state: str) -> None:
    _write(tx, row, more={"uploadState": state, "azureStorageUriExpirationDateTime": iso(tx.now + ADDRESS_VALID)})


def _write(tx: Transaction, row: ResourceRow, *, more: JsonObject) -> None:
    queries.change_resource(tx.connection, row, document={**row.document, **more})


KINDS = ("win32LobAppInstallPowerShellScript", "win32LobAppUninstallPowerShellScript")
#: Bytes of a script (Intune: "Add, assign, and monitor a Win32 app"), and scripts of a version here.
LARGEST, MOST = 50 * 1024, 10


def scripts_of(tx: Transaction, content: ResourceRow) -> list[ResourceRow]:
    """Return the scripts of a version of content, oldest first."""
    family = CONTENT_SCRIPT_RULES.name
    return queries.resources_of_family(tx.connection, tx.tenant.id, family=family, parent_id=content.path)


def add(tx: Transaction, content: ResourceRow, *, kind: str, document: JsonObject) -> ResourceRow:
    """Add a script to a version of content. Raises Invalid for one that is too large, or no base64.

    Unverified: that it is committed at once.
    """
    _check(document.get("content"))
    if len(scripts_of(tx, content)) >= MOST:
        raise Invalid(f"A content version has at most {MOST} scripts here.")
    full = {**document, "state": "commitSuccess"}
    return resources.create(tx, CONTENT_SCRIPT_RULES, kind=kind, document=full, parent=content)


def delete(tx: Transaction, content: ResourceRow, *, key: str) -> None:
    """Delete a script. Raises NotFound."""
    resources.delete(tx, CONTENT_SCRIPT_RULES, key=key, parent=content)


def _check(content: object) -> None:
    try:
        size = len(base64.b64decode(str(content or ""), validate=True))
    except binascii.Error:
        raise Invalid("The content of a script is base64.", target="content") from None
    if size > LARGEST:
        raise Invalid(f"A script has at most {LARGEST // 1024} KiB; this one has {size:,} bytes.", target="content")
