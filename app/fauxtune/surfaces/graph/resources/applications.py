"""Applications of the tenant. Graph: application, addPassword, removePassword."""

from __future__ import annotations

from fauxtune.core.graph.index import MODEL, complex_type, entity
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.overlay import Overlay
from fauxtune.operations.directory import applications, registrations
from fauxtune.operations.directory.registration_documents import application_document
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import applications as queries
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.computed import count_documents, list_documents
from fauxtune.surfaces.graph.resources.alternate_keys import object_key

APPLICATION = entity("application")
PASSWORD = complex_type("passwordCredential")
ADD_PASSWORD = MODEL.parameters("application", "addPassword", overlay=Overlay(source="Graph: application: addPassword"))
REMOVE_PASSWORD = MODEL.parameters(
    "application",
    "removePassword",
    overlay=Overlay(source="Graph: application: removePassword", required="keyId"),
)
_CONTEXT = "applications"


async def list_applications(call: Call) -> Answer:
    """GET /applications."""
    return list_documents(call, await _documents(call), entity=APPLICATION, context=_CONTEXT)


async def count_applications(call: Call) -> Answer:
    """GET /applications/$count."""
    return count_documents(call, await _documents(call), entity=APPLICATION)


async def get_application(call: Call) -> Answer:
    """GET /applications/{application}, also by `appId='...'`."""
    check_options(call, APPLICATION)
    row = await call.run(registrations.application_by_key, object_key(call, "application"))
    return entity_answer(call, _view(call, row), context=_CONTEXT)


async def create_application(call: Call) -> Answer:
    """POST /applications."""
    document = accept(APPLICATION, call.body(), partial=False, version=call.version)
    row = await call.run(registrations.create_application, document)
    return created(call, _view(call, row), collection=_CONTEXT)


async def update_application(call: Call) -> Answer:
    """PATCH /applications/{application}."""
    document = accept(APPLICATION, call.body(), partial=True, version=call.version)

    def change(tx: Transaction) -> None:
        row = registrations.application_by_key(tx, object_key(call, "application"))
        registrations.change_application(tx, row.client_id, document=document)

    await call.run(change)
    return NO_CONTENT


async def delete_application(call: Call) -> Answer:
    """DELETE /applications/{application}: its service principal goes too, and its tokens are refused."""

    def delete(tx: Transaction) -> str:
        row = registrations.application_by_key(tx, object_key(call, "application"))
        applications.delete_application(tx, row.client_id)
        return row.client_id

    client_id = await call.run(delete)
    call.emulator.tokens.forget_application(call.tenant.id, client_id)
    return NO_CONTENT


async def add_password(call: Call) -> Answer:
    """POST /applications/{application}/addPassword: the one answer with the password."""
    body = accept(ADD_PASSWORD, call.optional_body(), partial=False, version=call.version)

    def add(tx: Transaction) -> registrations.NewPassword:
        row = registrations.application_by_key(tx, object_key(call, "application"))
        return registrations.add_password(tx, row.client_id, credential=body.get("passwordCredential") or {})

    new = await call.run(add)
    document = view(PASSWORD, {**new.entry, "secretText": new.text}, version=call.version)
    return Answer(200, {"@odata.context": call.context("microsoft.graph.passwordCredential"), **document})


async def remove_password(call: Call) -> Answer:
    """POST /applications/{application}/removePassword."""
    body = accept(REMOVE_PASSWORD, call.body(), partial=False, version=call.version)

    def remove(tx: Transaction) -> None:
        row = registrations.application_by_key(tx, object_key(call, "application"))
        registrations.remove_password(tx, row.client_id, key_id=str(body["keyId"]))

    await call.run(remove)
    return NO_CONTENT


async def _documents(call: Call) -> list[Json]:
    rows = await call.read(queries.all_applications, call.tenant.id)
    return [application_document(call.tenant, row) for row in rows]


def _view(call: Call, row: ApplicationRow) -> Json:
    return view(APPLICATION, application_document(call.tenant, row), version=call.version, select=call.query.select)
