"""A refused request: the page says why, and keeps the way to the tenant's other pages for who may see them."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries.connectors import connector_rows
from tests.support.console import text_of
from tests.support.tenant import Contoso

NAVIGATION = '<nav class="pages"'
CLOCK = '<form class="clock"'


@pytest.mark.parametrize("path", ["/nothing", "/devices/nothing", "/profiles/%00", "/wire/999999"])
async def test_what_is_not_there_keeps_the_tenants_navigation(console: httpx.AsyncClient, path: str) -> None:
    answer = await console.get(path)
    assert answer.status_code in {400, 404}
    assert NAVIGATION in answer.text
    assert 'href="/console/contoso/why"' in answer.text
    assert "data-live" not in answer.text, "a page that is not there would read itself again and again"


async def test_a_form_that_is_refused_keeps_it_too_and_its_clock_leads_to_a_page(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    connector = await contoso.connector(state="offline")
    for path, fields, status in (
        ("/clock", {"to": "P1D"}, 403),
        (f"/connectors/{connector.id}", {"to": "online"}, 403),
        ("/authority/nothing/state", {}, 403),
    ):
        answer = await console.post(path, data=fields)
        assert answer.status_code == status
        assert "This form does not come from a page" in text_of(answer)
        assert NAVIGATION in answer.text
        assert CLOCK in answer.text
        assert 'name="back" value="/console/contoso"' in answer.text
    too_large = await console.post("/clock", content=b"x" * 600_000)
    assert too_large.status_code == 413
    assert NAVIGATION in too_large.text


async def test_a_task_that_is_refused_leads_back_to_what_it_is_about(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    (connector,) = await contoso.look(connector_rows, contoso.tenant.id)
    own = f"/console/contoso/connectors/{connector.id}"
    for path, back in (
        (f"/connectors/{connector.id}/delete", own),
        ("/users/%3Cb%3E/import", None),
        ("/nothing/x", None),
    ):
        answer = await console.get(path)
        assert answer.status_code >= 400
        assert ('">Back</a>' in answer.text) is (back is not None)
        assert back is None or f'<a href="{back}">Back</a>' in answer.text


async def test_a_tenant_that_is_not_there_has_none(console: httpx.AsyncClient) -> None:
    for path in ("/console/nobody", "/console/nobody/devices", "/console/nobody/nothing"):
        answer = await console.get(f"http://localhost:8080{path}")
        assert answer.status_code == 404
        assert NAVIGATION not in answer.text
        assert 'href="/console"' in answer.text


async def test_who_is_not_admitted_sees_nothing_of_the_tenant(console: httpx.AsyncClient, emulator: Emulator) -> None:
    foreign = await console.get("/nothing", headers={"host": "fauxtune.example"})
    emulator.control_token = "the control token"
    for answer in (foreign, await console.get("/nothing"), await console.post("/clock", data={"to": "P1D"})):
        assert answer.status_code in {401, 403, 421}
        assert NAVIGATION not in answer.text
        assert "contoso" not in answer.text.replace("/console/contoso/", "")
