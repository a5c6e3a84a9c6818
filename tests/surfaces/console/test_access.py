"""Who may look at the console, and whose forms count.

A refused request: the page says why, and keeps the way to the tenant's other pages for who may see them.
"""

from __future__ import annotations

import re

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.factory import Application
from fauxtune.storage.queries.connectors import connector_rows
from tests.support.console import done, show, text_of
from tests.support.tenant import Contoso

TOKEN = "the control token"
_SAID = re.compile(r'class="done">([^<]*)')


@pytest.fixture
def guarded(emulator: Emulator) -> None:
    emulator.control_token = TOKEN


NAVIGATION = '<nav class="pages"'
CLOCK = '<form class="clock"'


async def test_a_page_may_load_nothing_from_elsewhere_and_be_framed_by_nobody(console: httpx.AsyncClient) -> None:
    answer = await console.get("")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert " style=" not in answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


async def test_the_only_tenant_is_shown_at_once_and_all_on_request(http: httpx.AsyncClient) -> None:
    answer = await http.get("/console")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/contoso")
    assert "contoso.example · edition current" in text_of(await http.get("/console?all=1"))


@pytest.mark.parametrize(
    ("header", "value"),
    [("host", "fauxtune.example"), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
)
async def test_another_sites_page_may_not_look(console: httpx.AsyncClient, header: str, value: str) -> None:
    answer = await console.get("", headers={header: value})
    assert answer.status_code in {403, 421}
    assert "Alice" not in answer.text


async def test_another_machine_may_not_look(app: Application) -> None:
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        answer = await client.get("/console/contoso")
    assert answer.status_code == 403
    assert "only this machine" in text_of(answer)


@pytest.mark.usefixtures("guarded")
async def test_with_a_control_token_the_browser_signs_in_once(console: httpx.AsyncClient) -> None:
    page = await console.get("/why")
    assert page.status_code == 401
    assert "Alice" not in page.text
    form_token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert form_token is not None
    wrong = await console.post("/why", data={"form_token": form_token[1], "token": "a guess"})
    assert wrong.status_code == 401
    assert "not the control token" in text_of(wrong)
    right = await console.post("/why", data={"form_token": form_token[1], "token": TOKEN})
    assert done(right).endswith("/console/contoso/why")
    await show(console, "/why")
    assert TOKEN not in "".join(console.cookies.values())


@pytest.mark.usefixtures("guarded")
async def test_the_way_in_is_told_in_the_browsers_language(console: httpx.AsyncClient) -> None:
    page = await console.get("/why", headers={"accept-language": "it"})
    assert page.status_code == 401
    assert "Questo server è stato avviato con un token di controllo." in text_of(page)
    assert "This server" not in text_of(page)


@pytest.mark.usefixtures("guarded")
async def test_a_session_that_this_run_did_not_sign_is_no_session(console: httpx.AsyncClient) -> None:
    for cookie in (f"{'0' * 32}.1.{'0' * 64}", "0.1.", "", f"{'0' * 32}.2.{'0' * 64}"):
        assert (await console.get("", headers={"cookie": f"fauxtune_console_8080={cookie}"})).status_code == 401


async def test_a_form_of_another_page_changes_nothing(console: httpx.AsyncClient, emulator: Emulator) -> None:
    await console.get("")
    for token in ("f" * 64, ""):
        answer = await console.post("/clock", data={"to": "P1Y", "form_token": token})
        assert answer.status_code == 403
        assert "nothing was changed" in text_of(answer)
    assert (await emulator.runner.tenant("contoso")).clock.mode.value == "system"


async def test_the_clock_moves_and_the_next_page_says_so_once(console: httpx.AsyncClient, emulator: Emulator) -> None:
    page = await console.get("/why")
    token = re.findall(r'name="form_token" value="([^"]+)"', page.text)[0]
    fields = {"form_token": token, "to": "P30D", "back": "/console/contoso/why"}
    assert done(await console.post("/clock", data=fields)).endswith("/console/contoso/why")
    assert (await emulator.runner.tenant("contoso")).clock.mode.value == "offset"
    await console.get("/why", headers={"x-fauxtune-live": "1"})  # another window, which learns that the clock moved
    said = _SAID.findall((await console.get("/why")).text)
    assert [words.startswith("The clock of contoso now shows") for words in said] == [True]
    assert _SAID.findall((await console.get("/why")).text) == []
    elsewhere = {"form_token": token, "to": "freeze", "back": "https://evil.example/"}
    assert done(await console.post("/clock", data=elsewhere)).endswith("/console/contoso")
    unknown = await console.post("/clock", data={"form_token": token, "to": "P9999999Y"})
    assert unknown.status_code == 400


async def test_a_tenant_or_page_that_is_not_there_is_said_to_be_missing(http: httpx.AsyncClient) -> None:
    for path in ("/console/nothing", "/console/contoso/nothing", "/console/contoso/%3Cscript%3E"):
        page = await http.get(path)
        assert page.status_code == 404
        assert "That is not here" in text_of(page)
        assert "<script>" not in page.text


async def test_files_are_kept_by_the_browser(http: httpx.AsyncClient) -> None:
    for name in ("colours.css", "console.css", "console.js", "icon.svg"):
        first = await http.get(f"/console/static/{name}")
        again = await http.get(f"/console/static/{name}", headers={"if-none-match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert (await http.get("/console/static/app.py")).status_code == 404


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
