"""Who may steer: this machine under its own names, or whoever has the token; and only with JSON."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.factory import Application
from tests.surfaces.control.conftest import BASE


async def _get(
    app: Application, *, host: str = "localhost:8443", peer: str = "127.0.0.1", **headers: str
) -> httpx.Response:
    transport = httpx.ASGITransport(app, client=(peer, 50000))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        return await client.get("/tenants", headers={"host": host, **headers})


def _code(answer: httpx.Response) -> str:
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    return str(error["code"])


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8443", "LOCALHOST:1", "127.0.0.1:8443", "[::1]", "[::1]:8443"]
)
async def test_this_machine_is_answered_under_its_own_names(app: Application, host: str) -> None:
    assert (await _get(app, host=host)).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8443", "0.0.0.0:8443", "::1", ""]
)
async def test_another_name_for_this_address_is_refused(app: Application, host: str) -> None:
    answer = await _get(app, host=host)
    assert answer.status_code == 403
    assert _code(answer) == "NotAllowed"


@pytest.mark.parametrize("peer", ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", "testclient"])
async def test_another_machine_is_refused(app: Application, peer: str) -> None:
    assert (await _get(app, peer=peer)).status_code == 403


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
async def test_every_loopback_address_is_this_machine(app: Application, peer: str) -> None:
    assert (await _get(app, peer=peer)).status_code == 200


@pytest.mark.parametrize("page", ["https://evil.example", "null", "http://localhost.evil.example:3000"])
async def test_a_page_from_elsewhere_is_refused(app: Application, page: str) -> None:
    assert (await _get(app, origin=page)).status_code == 403


async def test_a_page_of_this_machine_is_answered(app: Application) -> None:
    assert (await _get(app, origin="http://localhost:3000")).status_code == 200


async def test_of_two_origins_each_must_be_of_this_machine(app: Application) -> None:
    for pages in (("http://localhost:3000", "https://evil.example"), ("https://evil.example", "http://localhost:3000")):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
            answer = await client.get("/tenants", headers=[("origin", page) for page in pages])
        assert answer.status_code == 403


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-origin", 200), ("none", 200)])
async def test_what_a_browser_asks_for_another_site_is_refused(app: Application, site: str, status: int) -> None:
    assert (await _get(app, **{"sec-fetch-site": site})).status_code == status


async def test_an_empty_control_token_is_refused(app: Application, emulator: Emulator) -> None:
    emulator.control_token = ""
    for empty in ("Bearer", "Bearer ", "bearer  "):
        assert (await _send(app, empty)).status_code == 401


async def test_with_a_token_only_the_token_counts(app: Application, emulator: Emulator) -> None:
    emulator.control_token = "geheim-ü"
    answer = await _get(app)
    assert answer.status_code == 401
    assert _code(answer) == "Unauthenticated"
    assert answer.headers["www-authenticate"] == "Bearer"
    for wrong in ("Bearer", "Bearer geheim-und-lan", "Basic geheim-ü"):
        assert (await _send(app, wrong)).status_code == 401
    assert (await _send(app, "Bearer geheim-ü")).status_code == 200


async def _send(app: Application, authorization: str) -> httpx.Response:
    """From far away, under a public name."""
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="https://fauxtune.example/_fauxtune/v1") as client:
        return await client.get("/tenants", headers=[(b"authorization", authorization.encode())])


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_a_body_that_is_not_json_is_refused(contoso: httpx.AsyncClient, media: str) -> None:
    answer = await contoso.post("/settle", content=b'{"timeout":0}', headers={"content-type": media})
    assert answer.status_code == 415
    assert _code(answer) == "UnsupportedMediaType"


async def test_a_post_without_a_content_type_is_refused_with_or_without_a_body(contoso: httpx.AsyncClient) -> None:
    contoso.event_hooks = {}  # which would name it
    assert (await contoso.post("/settle", content=b'{"timeout":0}')).status_code == 415
    answer = await contoso.post("/reset")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        415,
        "The Content-Type must be application/json, not 'missing'; a POST without a body has one, too.",
    )
    assert (await contoso.post("/reset", headers={"content-type": "text/plain; charset=utf-8"})).status_code == 415
    assert (await contoso.post("/reset", headers={"content-type": "application/json"})).status_code in (200, 204)


async def test_a_change_notification_presses_no_buttons(
    control: httpx.AsyncClient, emulator: Emulator, http: httpx.AsyncClient
) -> None:
    marked = {"Fauxtune-Notification": "1", "content-type": "application/json"}
    for token in (None, "geheim-und-lang"):
        emulator.control_token = token
        headers = marked if token is None else {**marked, "authorization": f"Bearer {token}"}
        for answer in (
            await control.post("/tenants/contoso/reset", headers=headers),
            await control.post("/tenants", json={"name": "x"}, headers=headers),
            await http.post("http://localhost:8080/console/contoso/clock", headers=headers),
        ):
            assert answer.status_code == 403
            assert "A change notification may not call the control surface and the console." in answer.text


async def test_json_with_a_charset_is_json(contoso: httpx.AsyncClient) -> None:
    media = {"content-type": "application/json; charset=utf-8"}
    assert (await contoso.post("/settle", content=b'{"timeout":0}', headers=media)).status_code == 200


async def test_the_caller_is_looked_at_before_the_body(app: Application, emulator: Emulator) -> None:
    emulator.control_token = "geheim-und-lang"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        answer = await client.post("/tenants", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "", 404, "NotFound"),
        ("GET", "/nonsense", 404, "NotFound"),
        ("GET", "/tenants/contoso/nonsense", 404, "NotFound"),
        ("PUT", "/tenants/contoso/journal", 405, "MethodNotAllowed"),
        ("GET", "/tenants/contoso/whatif", 405, "MethodNotAllowed"),
        ("DELETE", "/tenants/contoso/faults/1", 404, "NotFound"),
        ("POST", "/tenants/contoso/snapshots", 400, "Invalid"),
        ("POST", "/tenants/nobody/snapshots", 404, "NotFound"),
    ],
)
async def test_what_is_not_there_says_so(
    control: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await control.request(method, path)
    assert (answer.status_code, _code(answer)) == (status, code)


async def test_a_body_that_is_too_large_is_refused_in_this_envelope(contoso: httpx.AsyncClient) -> None:
    media = {"content-type": "application/json"}
    answer = await contoso.post("/settle", content=b" " * (4 * 1024 * 1024 + 1), headers=media)
    assert (answer.status_code, _code(answer)) == (413, "TooLarge")
