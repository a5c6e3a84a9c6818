"""Block blobs at `/blobs/{tenant}/{content}`, with a shared access signature in the query.

PUT ?comp=block&blockid=..., PUT ?comp=blocklist, PUT with x-ms-blob-type: BlockBlob; GET and HEAD.

A body is written to the disk as it comes. Source: Azure: "Put Block", "Put Block List", "Put Blob", "Get Blob". Differs
from Azure: checksums by CRC-64 are not looked at, and conditional headers neither.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from urllib.parse import parse_qsl

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from fauxtune.core.errors import NotEmulated, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.internals.fastapi_routes import DirectRoute, Router
from fauxtune.operations.apps import app_files
from fauxtune.operations.devices import log_collections
from fauxtune.operations.runtime.contents import READ, VERSION, WRITE
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.deletion import check_present
from fauxtune.storage.contents import PIECE, TooLarge, Writing, index_of
from fauxtune.surfaces.blobs.errors import DigestDiffers, HeaderMissing, HeaderRefused, RangeRefused
from fauxtune.surfaces.blobs.messages import LARGEST_LIST, block_id, block_list
from fauxtune.surfaces.http import caller_of, emulator_of

_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})")
router = Router(
    prefix="/blobs/{tenant_key}/{content}", tags=["contents"], route_class=DirectRoute, redirect_slashes=False
)


@router.put("")
async def put(request: Request, tenant_key: str, content: str) -> Response:
    """Put a block, the list of blocks, or a whole blob."""
    tenant, query = await _admitted(request, tenant_key, content, needs=WRITE)
    answer = await _put(request, tenant, content=content, query=query)
    await check_present(emulator_of(request), tenant)
    return answer


async def _put(request: Request, tenant: Tenant, *, content: str, query: dict[str, str]) -> Response:
    store = emulator_of(request).contents.store
    match query.get("comp", "").lower():
        case "block":
            name = block_id(query.get("blockid", ""))
            writing = await asyncio.to_thread(store.write_block, tenant.id, content, name=name)
            return _created(request, md5=await _write(request, writing))
        case "blocklist":
            return await _put_list(request, tenant, content=content)
        case "":
            if request.headers.get("x-ms-blob-type") is None:
                raise HeaderMissing(
                    "An HTTP header that's mandatory for this request is not specified: x-ms-blob-type."
                )
            if request.headers["x-ms-blob-type"].lower() != "blockblob":
                raise HeaderRefused("x-ms-blob-type must be BlockBlob: other blobs are not stored here.")
            writing = await asyncio.to_thread(store.write_whole, tenant.id, content)
            return _created(request, md5=await _write(request, writing, index=index_of([])), is_blob=True)
        case other:
            raise NotEmulated(f"comp={other[:40]} is not emulated: comp is block, blocklist, or left out.")


@router.get("")
async def get(request: Request, tenant_key: str, content: str) -> Response:
    """Return a blob."""
    tenant, _ = await _admitted(request, tenant_key, content, needs=READ)
    store = emulator_of(request).contents.store
    size = await asyncio.to_thread(store.size, tenant.id, content)
    chosen = _range(request, size)
    if chosen is None:
        return StreamingResponse(store.read(tenant.id, content), headers=_blob_headers(request, size))
    start, end = chosen
    headers = _blob_headers(request, end - start) | {"content-range": f"bytes {start}-{end - 1}/{size}"}
    return StreamingResponse(store.read(tenant.id, content, start=start, length=end - start), 206, headers=headers)


@router.head("")
async def head(request: Request, tenant_key: str, content: str) -> Response:
    """Return the size of a blob, in headers."""
    tenant, _ = await _admitted(request, tenant_key, content, needs=READ)
    size = await asyncio.to_thread(emulator_of(request).contents.store.size, tenant.id, content)
    return Response(headers=_blob_headers(request, size))


async def _admitted(request: Request, tenant_key: str, content: str, *, needs: str) -> tuple[Tenant, dict[str, str]]:
    """Return tenant and query of a request whose signature allows it. Nothing of the body was read yet."""
    emulator = emulator_of(request)
    tenant = caller_of(request).tenant = await emulator.runner.tenant(tenant_key)
    # The last of several counts: clients put comp and blockid behind the address that they were given.
    query = dict(parse_qsl(request.url.query, keep_blank_values=True))
    emulator.contents.check(tenant.id, content, query=query, needs=needs, now=emulator.runner.now(tenant))
    if needs == WRITE and not await _takes(emulator, tenant, content=content):
        raise NotFound("The specified blob does not exist.")
    return tenant, query


async def _takes(emulator: Emulator, tenant: Tenant, *, content: str) -> bool:
    """Whether there is an app's file, or a collection of logs, that this is the content of."""
    if content.startswith(log_collections.PREFIX):
        return await emulator.runner.read(log_collections.takes_archive, tenant, content=content)
    return await emulator.runner.read(app_files.takes_content, tenant, file_id=content)


async def _put_list(request: Request, tenant: Tenant, *, content: str) -> Response:
    document = b""
    async for piece in request.stream():
        document += piece
        if len(document) > LARGEST_LIST:
            raise TooLarge(f"A list of blocks has at most {LARGEST_LIST // 1024 // 1024} MiB.")
    blocks = await asyncio.to_thread(block_list, document)
    store = emulator_of(request).contents.store
    await asyncio.to_thread(store.put_list, tenant.id, content, blocks=blocks)
    return _created(request, is_blob=True)


async def _write(request: Request, writing: Writing, *, index: bytes = b"") -> bytes:
    """Write the body of the request; return its MD5. Nothing stays of a body that does not come whole."""
    try:
        expected = _expected_md5(request)
        held: list[bytes] = []
        length = 0
        async for piece in request.stream():
            held.append(piece)
            length += len(piece)
            if length >= PIECE:
                await asyncio.to_thread(writing.add, b"".join(held))
                held, length = [], 0
        if held:
            await asyncio.to_thread(writing.add, b"".join(held))
        md5 = writing.md5()
        if expected not in (None, md5):
            raise DigestDiffers("The MD5 value specified in the request did not match with the MD5 value calculated.")
        await asyncio.to_thread(writing.finish, index)
        return md5
    finally:
        writing.drop()


def _range(request: Request, size: int) -> tuple[int, int] | None:
    """Return begin and end of the bytes that the request asks for; None: all. Raises RangeRefused."""
    text = request.headers.get("x-ms-range") or request.headers.get("range")
    match = None if text is None else _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    start, last = int(match[1]), int(match[2] or size)
    if start >= size or last < start:
        raise RangeRefused(f"The range '{text}' is not in the blob, which has {size} bytes.")
    return start, min(last + 1, size)


def _expected_md5(request: Request) -> bytes | None:
    text = request.headers.get("content-md5")
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise HeaderRefused("Content-MD5 must be base64 of 16 bytes.") from None


def _created(request: Request, *, md5: bytes | None = None, is_blob: bool = False) -> Response:
    headers = _headers(request)
    headers["x-ms-request-server-encrypted"] = "true"
    if md5 is not None:
        headers["content-md5"] = base64.b64encode(md5).decode()
    if is_blob:
        headers["etag"] = f'"0x{request.state.request_id.replace("-", "")[:15].upper()}"'
    return Response(status_code=201, headers=headers)


def _blob_headers(request: Request, size: int) -> dict[str, str]:
    return {
        **_headers(request),
        "content-length": str(size),
        "content-type": "application/octet-stream",
        "x-ms-blob-type": "BlockBlob",
    }


def _headers(request: Request) -> dict[str, str]:
    headers = {"x-ms-request-id": str(request.state.request_id), "x-ms-version": VERSION}
    client_id = request.headers.get("x-ms-client-request-id", "")
    return headers | ({"x-ms-client-request-id": client_id} if 0 < len(client_id) <= 1024 else {})
