"""Logs that devices collected. Graph: deviceLogCollectionResponse, createDeviceLogCollectionRequest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.device_actions import COLLECT_LOGS
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.devices import log_collections
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import DeviceActionRow, JoinedDeviceRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, entity_answer
from fauxtune.surfaces.graph.computed import count_documents, element_document, list_documents
from fauxtune.surfaces.graph.resources.managed_devices import device_row

LOG_COLLECTION = entity("deviceLogCollectionResponse")
_KEY = "collection"


async def create_request(call: Call) -> Answer:
    """POST .../createDeviceLogCollectionRequest: 200 with the collection, which is pending."""
    body = accept(COLLECT_LOGS, call.optional_body(), partial=False, version=call.version)
    record, user = await device_row(call), None
    if call.principal.user_id is not None:
        user = await call.read(directory_queries.user, call.tenant.id, user_id=call.principal.user_id)
    initiator = None if user is None else str(user.document["userPrincipalName"])
    row, old = await call.run(log_collections.collect, record.id, details=body, initiator=initiator)
    await _forget(call, old)
    (document,) = await _documents(call, [row], record=record)
    shape = view(LOG_COLLECTION, document, version=call.version)
    context = call.context("microsoft.graph.deviceLogCollectionResponse")
    return Answer(200, {"@odata.context": context, **shape})


async def list_collections(call: Call) -> Answer:
    """GET .../{device}/logCollectionRequests."""
    record = await device_row(call)
    rows = await call.run(log_collections.collections, record)
    documents = await _documents(call, rows, record=record)
    return list_documents(call, documents, entity=LOG_COLLECTION, context=_context(record))


async def count_collections(call: Call) -> Answer:
    """GET .../{device}/logCollectionRequests/$count."""
    record = await device_row(call)
    rows = await call.run(log_collections.collections, record)
    return count_documents(call, await _documents(call, rows, record=record), entity=LOG_COLLECTION)


async def get_collection(call: Call) -> Answer:
    """GET .../{device}/logCollectionRequests/{collection}."""
    record = await device_row(call)
    row = await call.run(log_collections.collection, record, key=call.keys[_KEY])
    documents = await _documents(call, [row], record=record)
    document = element_document(call, documents, entity=LOG_COLLECTION, key=row.id)
    return entity_answer(call, document or {}, context=_context(record))


async def delete_collection(call: Call) -> Answer:
    """DELETE .../{device}/logCollectionRequests/{collection}: the archive goes too."""
    record = await device_row(call)
    row = await call.run(log_collections.delete, record, key=call.keys[_KEY])
    await _forget(call, [row])
    return NO_CONTENT


async def create_download_url(call: Call) -> Answer:
    """POST .../logCollectionRequests/{collection}/createDownloadUrl. Unverified: 404 while there is no archive."""
    record = await device_row(call)

    def address(tx: Transaction) -> tuple[DeviceActionRow, str]:
        row = log_collections.collection(tx, record, key=call.keys[_KEY])
        return row, log_collections.download_address(tx, call.emulator.contents, row=row)

    row, path = await call.run(address)
    if await _size(call, row) is None:
        raise NotFound(f"The device has uploaded no archive for the log collection '{row.id}' yet.")
    origin = call.root.rsplit("/", 1)[0]
    return Answer(200, {"@odata.context": call.context("Edm.String"), "value": f"{origin}{path}"})


async def _documents(call: Call, rows: Sequence[DeviceActionRow], *, record: JoinedDeviceRow) -> list[Json]:
    sizes = [await _size(call, row) for row in rows]

    def documents(tx: Transaction) -> list[Json]:
        pairs = zip(rows, sizes, strict=True)
        return [log_collections.document(tx, row, record=record, size=size) for row, size in pairs]

    return await call.run(documents)


async def _size(call: Call, row: DeviceActionRow) -> int | None:
    store, name = call.emulator.contents.store, log_collections.content_of(row.id)
    try:
        return await asyncio.to_thread(store.size, call.tenant.id, name)
    except NotFound:
        return None


async def _forget(call: Call, rows: Sequence[DeviceActionRow]) -> None:
    names = [log_collections.content_of(row.id) for row in rows]
    if names:
        await asyncio.to_thread(call.emulator.contents.delete, call.tenant.id, *names)


def _context(record: JoinedDeviceRow) -> str:
    return f"deviceManagement/managedDevices('{record.id}')/logCollectionRequests"
