"""The contents of apps: versions, their files, and the scripts that install or uninstall a Win32 app.

Graph: mobileAppContent, mobileAppContentFile, mobileAppContentScript (beta). The path has the app's type between its id
and contentVersions, as the schema wants it; without it, and with an abstract type, the real service answers errors.

Scripts are kept: a simulated device has the outcome that is declared of the app, whether a script or a command line
installs it.
"""

from __future__ import annotations

import asyncio

from fauxtune.core.clock import from_iso
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept, defaults, type_name
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity, approximated, bare_name, stored
from fauxtune.core.pki.encrypted_content import Encryption
from fauxtune.core.policies.apps import APP_RULES, CONTENT_RULES, FILE_RULES
from fauxtune.operations.apps import app_files, apps
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import count_documents, element_document, list_documents
from fauxtune.surfaces.graph.resources.served_family import type_of

CONTENT, FILE = entity("mobileAppContent"), entity("mobileAppContentFile")
_APPS = "deviceAppManagement/mobileApps"
_VERSIONS = f"{_APPS}/{{resource}}/contentVersions"
#: As the document of the content versions has it.
_COUNTED = "Graph: mobileAppContent: get"
VERSIONS = Routes(_VERSIONS, type=CONTENT, read=needs.READ_APPS, write=needs.WRITE_APPS)
FILES = Routes(f"{_VERSIONS}/{{content}}/files", type=FILE, read=needs.READ_APPS, write=needs.WRITE_APPS)


@VERSIONS.list()
async def list_versions(call: Call) -> Answer:
    """List the content versions of an app."""
    documents = await call.run(_versions, call)
    return list_documents(call, documents, entity=CONTENT, context=versions_path(call))


@VERSIONS.count(summary="Count them", source=_COUNTED)
async def count_versions(call: Call) -> Answer:
    """Count the content versions of an app."""
    return count_documents(call, await call.run(_versions, call), entity=CONTENT)


@VERSIONS.create()
async def add_version(call: Call) -> Answer:
    """Add a content version to an app."""
    accept(CONTENT, call.optional_body(), partial=False, version=call.version)
    row = await call.run(lambda tx: app_files.add_version(tx, _app(tx, call)))
    return created(call, view(CONTENT, row.document, version=call.version), collection=versions_path(call))


@VERSIONS.get("/{content}")
async def get_version(call: Call) -> Answer:
    """Get a content version."""
    check_options(call, CONTENT)
    row = await call.run(version_of, call)
    document = view(CONTENT, row.document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=versions_path(call))


@FILES.list()
async def list_files(call: Call) -> Answer:
    """List the files of a content version."""
    documents = await call.run(_files, call)
    return list_documents(call, documents, entity=FILE, context=_files_path(call))


@FILES.count(summary="Count them", source=_COUNTED)
async def count_files(call: Call) -> Answer:
    """Count the files of a content version."""
    return count_documents(call, await call.run(_files, call), entity=FILE)


@FILES.create()
async def add_file(call: Call) -> Answer:
    """Announce a file.

    The answer has no address yet; clients ask for the file until it has one.
    """
    body = accept(FILE, call.body(), partial=False, version=call.version)
    document = {**defaults(FILE), **body}
    row = await call.run(lambda tx: app_files.add_file(tx, version_of(tx, call), document=document))
    return created(call, view(FILE, row.document, version=call.version), collection=_files_path(call))


@FILES.get("/{file}")
async def get_file(call: Call) -> Answer:
    """Get a file, with the address to upload it to.

    It has the address until it is committed.
    """
    documents = await call.run(_files, call)
    document = element_document(call, documents, entity=FILE, key=call.keys["file"].lower())
    if document is None:
        raise NotFound(f"There is no mobileAppContentFile '{call.keys['file']}'.")
    return entity_answer(call, document, context=_files_path(call))


@FILES.action("/{file}/renewUpload", status=204, summary="Renew the address")
async def renew_upload(call: Call) -> Answer:
    """Renew the address to upload a file to."""
    call.optional_body()
    await call.run(lambda tx: app_files.renew(tx, _file(tx, call)))
    return NO_CONTENT


@FILES.action(
    "/{file}/commit",
    status=204,
    fidelity=approximated("the check is done when the request is answered, and nothing is pending afterwards"),
)
async def commit(call: Call) -> Answer:
    """Commit a file that was uploaded.

    It is checked, and its uploadState says with which result.
    """
    sent = call.body().get("fileEncryptionInfo")
    if not isinstance(sent, dict):
        raise Invalid('The body must be {"fileEncryptionInfo": {...}}.', target="fileEncryptionInfo")
    encryption = Encryption.of_document(sent)
    row = await call.emulator.runner.run(call.tenant, _file, call)
    if row.document["isCommitted"]:
        raise Invalid("The file is committed already.")
    checked = await asyncio.to_thread(app_files.check, call.emulator.contents, row, encryption=encryption)
    await call.run(lambda tx: app_files.settle_commit(tx, _file(tx, call), checked=checked))
    return NO_CONTENT


def _app(tx: Transaction, call: Call) -> ResourceRow:
    """Return the app that the path names, if the path names its type too. Raises Invalid, NotFound."""
    row = resources.get(tx, APP_RULES, key=call.keys["resource"])
    shape = None if call.cast is None else entity(bare_name(call.cast))
    if shape is None or shape.abstract:
        raise Invalid(
            f"Name the type of the app before contentVersions: mobileApps/{row.id}/microsoft.graph.{row.kind}/"
            "contentVersions."
        )
    if not entity(row.kind).is_a(shape):
        raise NotFound(f"The mobileApp '{row.id}' is a {row.kind}, not a {shape.name}.")
    return row


def version_of(tx: Transaction, call: Call) -> ResourceRow:
    """Return the content version that the path names. Raises Invalid, NotFound."""
    return resources.get(tx, CONTENT_RULES, key=call.keys["content"], parent=_app(tx, call))


def _file(tx: Transaction, call: Call) -> ResourceRow:
    return resources.get(tx, FILE_RULES, key=call.keys["file"], parent=version_of(tx, call))


def _versions(tx: Transaction, call: Call) -> list[Json]:
    return [row.document for row in apps.content_versions(tx, _app(tx, call))]


def _files(tx: Transaction, call: Call) -> list[Json]:
    return [_with_address(call, row) for row in apps.content_files(tx, version_of(tx, call))]


def _with_address(call: Call, row: ResourceRow) -> Json:
    """Return the document of a file with its address, which is made from what it allows and never stored."""
    until = row.document["azureStorageUriExpirationDateTime"]
    if until is None or row.document["isCommitted"]:
        return row.document
    path = call.emulator.contents.address(call.tenant.id, row.id, expires=from_iso(until))
    return {**row.document, "azureStorageUri": call.root.rpartition("/")[0] + path}


def versions_path(call: Call) -> str:
    """Return the context of the versions of an app."""
    return f"{_APPS}('{call.keys['resource']}')/{call.cast}/contentVersions"


def _files_path(call: Call) -> str:
    return f"{versions_path(call)}('{call.keys['content']}')/files"


SCRIPT = entity("mobileAppContentScript")
SCRIPTS = Routes(
    f"{_VERSIONS}/{{content}}/scripts",
    type=SCRIPT,
    read=needs.READ_APPS,
    write=needs.WRITE_APPS,
    beta_only=True,
    fidelity=stored("kept: a device has the outcome that is declared of the app"),
)


@SCRIPTS.list()
async def list_scripts(call: Call) -> Answer:
    """List the scripts of a content version."""
    return list_documents(call, await _documents(call), entity=SCRIPT, context=_path(call), entity_of=type_of)


@SCRIPTS.count(summary="Count them", source=_COUNTED)
async def count_scripts(call: Call) -> Answer:
    """Count the scripts of a content version."""
    return count_documents(call, await _documents(call), entity=SCRIPT)


@SCRIPTS.get("/{script}")
async def get_script(call: Call) -> Answer:
    """Get a script."""
    documents, key = await _documents(call), call.keys["script"].lower()
    known = next((each for each in documents if each["id"] == key), None)
    document = None if known is None else element_document(call, documents, entity=type_of(known), key=key)
    if document is None:
        raise NotFound(f"There is no mobileAppContentScript '{call.keys['script']}'.")
    return entity_answer(call, document, context=_path(call))


@SCRIPTS.create(source="Graph: mobileAppContent: scripts")
async def add_script(call: Call) -> Answer:
    """Add a script to a content version.

    The body names its type: a script that installs, or one that uninstalls.
    """
    body = call.body()
    shape = _shape(body)
    document = {**defaults(shape), **accept(shape, body, partial=False, version=call.version)}
    row = await call.run(lambda tx: app_files.add(tx, version_of(tx, call), kind=shape.name, document=document))
    return created(call, view(shape, row.document, version=call.version, typed=True), collection=_path(call))


@SCRIPTS.delete("/{script}", source="Graph: mobileAppContent: scripts")
async def delete_script(call: Call) -> Answer:
    """Delete a script."""
    await call.run(lambda tx: app_files.delete(tx, version_of(tx, call), key=call.keys["script"]))
    return NO_CONTENT


def _shape(body: Json) -> Entity:
    name = type_name(body)
    shape = None if name is None else entity(name)
    if shape is None or not shape.is_a(SCRIPT) or shape.name not in app_files.KINDS:
        known = " or ".join(f"'{entity(kind).odata_type}'" for kind in app_files.KINDS)
        raise Invalid(f"@odata.type must be {known}.", target="@odata.type")
    return shape


async def _documents(call: Call) -> list[Json]:
    def read(tx: Transaction) -> list[Json]:
        rows = app_files.scripts_of(tx, version_of(tx, call))
        return [{**row.document, "@odata.type": entity(row.kind).odata_type} for row in rows]

    return await call.run(read)


def _path(call: Call) -> str:
    return f"{versions_path(call)}('{call.keys['content']}')/scripts"
