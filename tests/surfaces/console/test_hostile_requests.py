"""Requests that no page makes: huge numbers, forms of strange shapes, cookies that others wrote.

Each is answered with a page, and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.console import done, text_of
from tests.surfaces.console.conftest import Enroll

pytestmark = ON_BOTH_DATABASES

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
MULTIPART = "multipart/form-data; boundary=b"
NUMBERS = ("9" * 5000, "0" * 5000 + "1", "-1", "\N{SUPERSCRIPT TWO}", "\N{ARABIC-INDIC DIGIT THREE}", "1e9", "", "\0")


@pytest.fixture
async def form_token(console: httpx.AsyncClient) -> str:
    """The token of a page that is open."""
    token = _TOKEN.search((await console.get("/why")).text)
    assert token is not None
    return token[1]


@pytest.mark.parametrize(
    "path", ["/devices?page=", "/users?page=", "/journal?before=", "/authority/certificates?page="]
)
async def test_a_number_that_is_none_shows_a_page_of_the_list(console: httpx.AsyncClient, path: str) -> None:
    for number in NUMBERS:
        # A number behind the last page leads there.
        page = await console.get(f"{path}{quote(number)}", follow_redirects=True)
        assert page.status_code == 200, number[:20]


async def test_a_number_that_is_none_is_no_exchange_and_no_span_of_years(
    console: httpx.AsyncClient, form_token: str
) -> None:
    for number in filter(None, NUMBERS):
        assert (await console.get(f"/wire/{quote(number)}")).status_code == 404, number[:20]
    fields = {"way": "history", "template": "SmimeEncryption", "purpose": "smimeEncryption", "form_token": form_token}
    for years in (*NUMBERS, "00019999", "0001000", "11"):
        answer = await console.post("/users/alice@contoso.example/import", data={**fields, "years": years})
        assert answer.status_code == 400, years[:20]
        assert "Write a number of years" in text_of(answer)


async def test_a_path_of_any_characters_is_said_to_lead_nowhere(console: httpx.AsyncClient) -> None:
    parts = (
        "%00",
        "..%2F..%2Fetc",
        "a%2Fb",
        "%FF%FE",
        "%E2%80%AE",
        "a" * 10_000,
        "%0d%0aset-cookie:%20a=b",
        "%3Cscript%3E",
    )
    for part in parts:
        for collection in ("devices", "users", "groups", "profiles", "connectors", "authority", "wire"):
            answer = await console.get(f"/{collection}/{part}")
            assert answer.status_code in {400, 404}, (collection, part[:20])
            assert "<script>" not in answer.text
    for query in (
        "why?user=%00",
        "journal?device=%00&user=%00&type=%00",
        "wire?text=%00",
        "devices?text=%00&platform=%00",
    ):
        assert (await console.get(f"/{query}")).status_code in {200, 400, 404}, query


@pytest.mark.parametrize(
    ("media_type", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"&" * (512 * 1024), 413),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(600)), 400),
        ("application/x-www-form-urlencoded; charset=utf-16", b"to=freeze", 415),
        (f"{MULTIPART}; charset=punycode", b"", 415),
        (f"{MULTIPART}; charset=undefined", b"", 415),
        (f"{MULTIPART}; CHARSET = unicode_escape", b"", 415),
        (MULTIPART, b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nx\r\n' * 600 + b"--b--", 400),
        (MULTIPART, b'--b\r\ncontent-disposition: form-data; name="a"; filename="f"\r\n\r\n\r\n' * 6 + b"--b--", 400),
        (MULTIPART, b"--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--", 400),
        ("multipart/form-data", b"--b", 400),
        ("application/json", b'{"to": "freeze"}', 403),
        ("text/plain", b"to=freeze", 403),
    ],
)
async def test_a_form_of_a_shape_that_no_browser_sends_changes_nothing(
    console: httpx.AsyncClient, form_token: str, emulator: Emulator, media_type: str, body: bytes, status: int
) -> None:
    if "urlencoded" in media_type:
        body = f"form_token={form_token}&to=freeze&".encode() + body
    answer = await console.post("/clock", content=body, headers={"content-type": media_type})
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert (await emulator.runner.tenant("contoso")).clock.mode.value == "system"


async def test_a_form_without_a_length_is_refused(console: httpx.AsyncClient, form_token: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield f"form_token={form_token}&to=freeze".encode()

    answer = await console.post(
        "/clock", content=pieces(), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 411


@pytest.mark.parametrize("field", ["groups", "left-out"])
async def test_more_groups_than_a_person_types_are_refused(
    console: httpx.AsyncClient, form_token: str, field: str
) -> None:
    fields = {"form_token": form_token, field: "\n".join(map(str, range(50_000)))}
    answer = await console.post(
        "/profiles/new?kind=root", data={**fields, "name": "x", "source": "root", "platform": "ios"}
    )
    assert answer.status_code == 400
    assert "Name at most 200 groups" in text_of(answer)


async def test_two_emulators_of_one_machine_keep_their_own_sessions(console: httpx.AsyncClient) -> None:
    own = (await console.get("")).headers["set-cookie"]
    other = (await console.get("", headers={"host": "localhost:9090", "cookie": own})).headers["set-cookie"]
    assert own.partition("=")[0] == "fauxtune_console_8080"
    assert other.partition("=")[0] == "fauxtune_console_9090"


async def test_a_sentence_that_another_server_wrote_into_the_cookie_is_not_shown(
    console: httpx.AsyncClient, form_token: str
) -> None:
    done(await console.post("/clock", data={"form_token": form_token, "to": "freeze"}))
    ours = console.cookies["fauxtune_console_done_8080"]
    for sentence in ("Send%20your%20password", f"{ours}%20Send%20your%20password", f"{'0' * 64}.Send", ".Send"):
        console.cookies.set("fauxtune_console_done_8080", sentence, domain="localhost.local", path="/console")
        page = await console.get("/why")
        assert "Send" not in page.text
        assert "The clock" not in page.text.partition("done-place")[2].partition("<main")[0]


async def test_a_name_cannot_write_a_header(console: httpx.AsyncClient, form_token: str, enroll: Enroll) -> None:
    await enroll("alice")
    name = "x\r\nset-cookie: a=b\r\n\r\n<script>\N{SNOWMAN}; path=/"
    answer = await console.post("/groups/new", data={"form_token": form_token, "name": name})
    assert answer.status_code in {303, 400}
    assert all(
        cookie.partition("=")[0].startswith("fauxtune_console") for cookie in answer.headers.get_list("set-cookie")
    )
    assert "<script>" not in (await console.get("/groups")).text
