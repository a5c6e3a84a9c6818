"""A path that is served refuses a method that it does not know, and says which ones it knows (RFC 9110 15.5.6)."""

from __future__ import annotations

import re
from http import HTTPStatus

import httpx
import pytest

from fauxtune.server.factory import Application
from fauxtune.server.readiness import ReadinessGate
from fauxtune_docs import probes_description
from tests.support.openapi import documents
from tests.surfaces.conftest import ORIGIN

#: Graph's refusals are in Graph's words, and come after a look at the caller's token.
OTHERS = ("blobs", "connector", "control", "devices", "identity", "partner")


@pytest.mark.parametrize("name", OTHERS)
async def test_a_method_that_no_document_has_is_405_with_all_that_it_has(name: str, http: httpx.AsyncClient) -> None:
    for path, operations in documents()[name]["paths"].items():
        answer = await http.request("TRACE", re.sub(r"\{[^}]*\}", "x", path))
        allowed = set(answer.headers.get("allow", "").lower().split(", "))
        # A path may also be that of another operation, whose last part is any text.
        assert (answer.status_code, operations.keys() - allowed) == (HTTPStatus.METHOD_NOT_ALLOWED, set()), path


async def test_what_the_server_answers_by_itself_is_only_read(app: Application) -> None:
    gate = ReadinessGate()
    gate.open(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url=ORIGIN) as client:
        for path in probes_description.OPERATIONS:
            answer = await client.request("TRACE", path)
            allowed = set(answer.headers.get("allow", "").split(", "))
            assert (answer.status_code, allowed) == (HTTPStatus.METHOD_NOT_ALLOWED, {"GET", "HEAD"}), path
