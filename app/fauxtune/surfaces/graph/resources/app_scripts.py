"""Scripts that install or uninstall a Win32 app, below a version of its content. Graph (beta): mobileAppContentScript.

They are kept: a simulated device has the outcome that is declared of the app, whether a script or a command line
installs it.
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept, defaults, type_name
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity
from fauxtune.operations.apps import app_scripts
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, created, entity_answer
from fauxtune.surfaces.graph.computed import count_documents, element_document, list_documents
from fauxtune.surfaces.graph.resources.app_contents import version_of, versions_path
from fauxtune.surfaces.graph.resources.served_family import type_of

SCRIPT = entity("mobileAppContentScript")


async def list_scripts(call: Call) -> Answer:
    """GET .../scripts."""
    return list_documents(call, await _documents(call), entity=SCRIPT, context=_path(call), entity_of=type_of)


async def count_scripts(call: Call) -> Answer:
    """GET .../scripts/$count."""
    return count_documents(call, await _documents(call), entity=SCRIPT)


async def get_script(call: Call) -> Answer:
    """GET .../scripts/{script}."""
    documents, key = await _documents(call), call.keys["script"].lower()
    known = next((each for each in documents if each["id"] == key), None)
    document = None if known is None else element_document(call, documents, entity=type_of(known), key=key)
    if document is None:
        raise NotFound(f"There is no mobileAppContentScript '{call.keys['script']}'.")
    return entity_answer(call, document, context=_path(call))


async def add_script(call: Call) -> Answer:
    """POST .../scripts: 201. It names its type: a script that installs, or one that uninstalls."""
    body = call.body()
    shape = _shape(body)
    document = {**defaults(shape), **accept(shape, body, partial=False, version=call.version)}
    row = await call.run(lambda tx: app_scripts.add(tx, version_of(tx, call), kind=shape.name, document=document))
    return created(call, view(shape, row.document, version=call.version, typed=True), collection=_path(call))


async def delete_script(call: Call) -> Answer:
    """DELETE .../scripts/{script}."""
    await call.run(lambda tx: app_scripts.delete(tx, version_of(tx, call), key=call.keys["script"]))
    return NO_CONTENT


def _shape(body: Json) -> Entity:
    name = type_name(body)
    shape = None if name is None else entity(name)
    if shape is None or not shape.is_a(SCRIPT) or shape.name not in app_scripts.KINDS:
        known = " or ".join(f"'{entity(each).odata_type}'" for each in app_scripts.KINDS)
        raise Invalid(f"@odata.type must be {known}.", target="@odata.type")
    return shape


async def _documents(call: Call) -> list[Json]:
    def read(tx: Transaction) -> list[Json]:
        rows = app_scripts.scripts_of(tx, version_of(tx, call))
        return [{**row.document, "@odata.type": entity(row.kind).odata_type} for row in rows]

    return await call.run(read)


def _path(call: Call) -> str:
    return f"{versions_path(call)}('{call.keys['content']}')/scripts"
