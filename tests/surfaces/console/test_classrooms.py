"""A classroom in the console: students who see their seat alone, and the instructor's page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import classrooms as queries
from fauxtune_console.app import PAGES
from fauxtune_labs.operations.classrooms.opening import NewSeat, close_classroom, open_classroom
from tests.support.console import done, send_from, show, text_of

TOKEN = "the control token"
LABS = ("import-once", "removal-is-not-revocation")
ROOM = "/console/-/classrooms/class"
SIGN_IN = "/console/-/seat"


@pytest.fixture
async def seats(emulator: Emulator) -> list[NewSeat]:
    """Two seats with two labs."""
    return await open_classroom(emulator, seats=2, labs=LABS)


@pytest.fixture
async def student(app: FastAPI, seats: list[NewSeat]) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has signed in to the first seat."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8080") as browser:
        assert done(await sign_in(browser, seats[0].password)).endswith("/console")
        yield browser


async def sign_in(browser: httpx.AsyncClient, sent: str, *, at: str = SIGN_IN) -> httpx.Response:
    page = await browser.get(at)
    assert page.status_code == 401, text_of(page)
    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert token is not None
    return await browser.post(at, data={"form_token": token[1], "token": sent})


async def events(emulator: Emulator, tenant: Tenant) -> list[str]:
    rows = await emulator.runner.read(queries.events_of, TenantId(tenant.id))
    return [row.event.value for row in rows]


async def test_a_student_is_led_to_the_labs_of_the_lesson(student: httpx.AsyncClient) -> None:
    for address in ("/console", "/console?all=1"):
        answer = await student.get(address)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/class-01/labs")
    page = await student.get("/console/class-01/labs")
    assert re.findall(r'/labs/([a-z-]+)"', page.text) == list(LABS)
    assert "Choose another tenant" not in page.text
    assert "Leave the seat" in page.text
    assert "contoso" not in page.text


async def test_a_student_sees_no_page_of_another_tenant_or_of_the_server(student: httpx.AsyncClient) -> None:
    for tenant in ("class-02", "contoso", "nobody"):
        for path, method, _page in PAGES:
            filled = re.sub(r"\{\w+\}", "x", path)
            answer = await student.request(method, f"/console/{tenant}{filled}")
            assert answer.status_code == 403, (tenant, method, path)
            assert "opens only the tenant 'class-01'" in text_of(answer)
    for path in ("/console/class-02/events", ROOM, f"{ROOM}/events", "/console/-/classrooms", "/console/-"):
        assert (await student.get(path)).status_code == 403, path
    assert (await student.get("/console/CLASS-01")).status_code == 200
    assert (await student.get("/docs/control")).status_code == 200, "what there is to call is no secret"


@pytest.mark.parametrize("sent", ["", "abcd-efgh-jkmn", "class-01", TOKEN, "x" * 4000])
async def test_what_is_no_password_opens_nothing(
    http: httpx.AsyncClient, seats: list[NewSeat], emulator: Emulator, sent: str
) -> None:
    answer = await sign_in(http, sent)
    assert (answer.status_code, "No seat has this password" in text_of(answer)) == (401, True)
    assert await events(emulator, seats[0].tenant) == []


async def test_a_form_of_another_page_signs_nobody_in(http: httpx.AsyncClient, seats: list[NewSeat]) -> None:
    answer = await http.post(SIGN_IN, data={"form_token": "f" * 64, "token": seats[0].password})
    assert answer.status_code == 403
    assert (await http.get("/console/class-01", headers={"host": "evil.example"})).status_code in {403, 421}


async def test_the_password_of_another_card_is_that_of_its_seat(
    student: httpx.AsyncClient, seats: list[NewSeat], emulator: Emulator
) -> None:
    await sign_in(student, seats[1].password.upper().replace("-", " "))
    assert (await student.get("/console/class-02")).status_code == 200
    assert (await student.get("/console/class-01")).status_code == 403
    assert await events(emulator, seats[1].tenant) == ["signedIn"]


async def test_a_student_who_leaves_has_to_sign_in_again(student: httpx.AsyncClient, emulator: Emulator) -> None:
    emulator.control_token = TOKEN
    answer = await send_from(student, "/console/class-01/labs", to="/console/-/leave")
    assert done(answer).endswith(SIGN_IN)
    assert (await student.get("/console/class-01/labs")).status_code == 401


async def test_a_session_ends_with_the_classroom(student: httpx.AsyncClient, emulator: Emulator) -> None:
    await close_classroom(emulator, name="class")
    for path in ("/console", "/console/class-01", "/console/contoso"):
        assert (await student.get(path)).status_code == 401, path


async def test_a_session_of_a_seat_cannot_be_made_up(student: httpx.AsyncClient, seats: list[NewSeat]) -> None:
    cookie = student.cookies["fauxtune_console_8080"]
    identifier, level, proof = cookie.split(".")
    other = f"seat-{seats[1].tenant.id}"
    page = await student.get("/console/class-01/labs")
    form_token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert form_token is not None
    for made_up in (f"{identifier}.{other}.{proof}", f"form.{identifier}.{form_token[1]}", f"{identifier}.1.{proof}"):
        student.cookies.clear()
        answer = await student.get("/console/class-02", headers={"cookie": f"fauxtune_console_8080={made_up}"})
        assert "Leave the seat" not in answer.text, made_up
    assert level == f"seat-{seats[0].tenant.id}"


async def test_with_a_control_token_every_page_asks_and_takes_both(
    http: httpx.AsyncClient, app: FastAPI, seats: list[NewSeat], emulator: Emulator
) -> None:
    emulator.control_token = TOKEN
    wrong = await sign_in(http, "a guess", at="/console")
    assert "That is not the control token" in text_of(wrong)
    assert done(await sign_in(http, seats[0].password, at="/console/contoso/why")).endswith("/console")
    assert (await http.get("/console/contoso")).status_code == 403
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8080") as instructor:
        assert done(await sign_in(instructor, TOKEN, at=ROOM)).endswith(ROOM)
        for path in (ROOM, "/console/class-01", "/console/class-02", "/console/contoso"):
            assert (await instructor.get(path)).status_code == 200, path


async def test_the_instructor_finds_classrooms_beside_the_other_tenants(
    http: httpx.AsyncClient, seats: list[NewSeat]
) -> None:
    page = await http.get("/console")
    assert page.status_code == 200
    words = text_of(page)
    assert f"class {len(seats)} seats · {len(LABS)} labs" in words
    assert "contoso.example" in words
    assert "class-01" not in words, "forty seats would hide the other tenants"
    assert f'href="{ROOM}"' in page.text


async def test_the_instructors_page_shows_each_seat(http: httpx.AsyncClient, student: httpx.AsyncClient) -> None:
    words = await show(http, ROOM)
    assert re.search(r"class-01 signed in .* class-02 nobody has signed in", words)
    assert "Import once, and every device can read" in words


async def test_the_instructor_stops_clocks_and_lets_them_run(
    http: httpx.AsyncClient, seats: list[NewSeat], emulator: Emulator
) -> None:
    assert done(await send_from(http, ROOM, to=ROOM, fields={"do": "freeze"})).endswith(ROOM)
    modes = [(await emulator.runner.tenant(seat.tenant.id)).clock.mode.value for seat in seats]
    assert modes == ["frozen", "frozen"]
    page = await http.get(ROOM)
    assert "2 of 2 seats: frozen" in page.text
    assert "Freeze all clocks" not in page.text
    await send_from(http, ROOM, to=ROOM, fields={"do": "run"})
    assert (await emulator.runner.tenant("class-02")).clock.mode.value == "offset"
    assert (await emulator.runner.tenant("contoso")).clock.mode.value == "system"


async def test_the_instructor_sends_a_fault_to_one_seat_and_resets_it(
    http: httpx.AsyncClient, seats: list[NewSeat], emulator: Emulator
) -> None:
    await send_from(http, ROOM, to=ROOM, fields={"do": "fault", "seat": "class-01", "fault": "offline"})
    assert "The connector is off line" in await show(http, ROOM)
    assert "connector" in (await show(http, "/console/class-01/faults")).lower()
    assert "Nothing goes wrong on purpose" in await show(http, "/console/class-02/faults")
    await send_from(http, ROOM, to=ROOM, fields={"do": "reset", "seat": "class-01"})
    assert "Nothing goes wrong on purpose" in await show(http, "/console/class-01/faults")
    assert await events(emulator, seats[0].tenant) == ["fault", "reset"]


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"do": "nothing"}, 400, "no such button"),
        ({"do": "step"}, 400, "Choose a step"),
        ({"do": "step", "place": "import-once/0"}, 400, "Choose a step"),
        ({"do": "step", "place": "import-once/99"}, 404, "has the steps 1 to"),
        ({"do": "step", "place": "nothing/1"}, 404, "There is no lab"),
        ({"do": "reset", "seat": "class-09"}, 404, "has no seat 'class-09'"),
        ({"do": "reset", "seat": "contoso"}, 404, "has no seat 'contoso'"),
        ({"do": "fault", "seat": "class-01", "fault": "offlin"}, 404, "nearest are: offline"),
        ({"do": "fault", "seat": "contoso", "fault": "offline"}, 404, "has no seat 'contoso'"),
    ],
)
async def test_what_the_instructor_cannot_do_is_refused_with_a_reason(
    http: httpx.AsyncClient, seats: list[NewSeat], fields: dict[str, str], status: int, words: str
) -> None:
    answer = await send_from(http, ROOM, to=ROOM, fields=fields)
    assert (answer.status_code, words in text_of(answer)) == (status, True), text_of(answer)
    assert len(seats) == 2


async def test_a_classroom_that_is_not_open_has_no_page(http: httpx.AsyncClient, seats: list[NewSeat]) -> None:
    for path in ("/console/-/classrooms/nothing", "/console/-/classrooms", f"{ROOM}/nothing", "/console/-/nothing"):
        assert (await http.get(path)).status_code == 404, path
    assert len(seats) == 2
