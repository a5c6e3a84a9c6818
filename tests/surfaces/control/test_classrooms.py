"""Classrooms over the control surface: seats and passwords, what a password opens, and what it does not."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from fauxtune.core.administration import labs as tasks
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.model.classrooms import MOST_CLASSROOMS, MOST_SEATS, PASSWORD, as_typed, password_from
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import classrooms as queries
from fauxtune.storage.queries.tenants import row_counts
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.control import error_code
from tests.support.openapi import documents
from tests.support.soak import ON_SQLITE
from tests.surfaces.control.conftest import BASE

_TOKEN = "the token of the instructor"
_NOW = "2026-11-24T10:00:00Z"


async def send(control: httpx.AsyncClient, request: AdminRequest) -> httpx.Response:
    return await control.request(request.method, request.path, json=request.body)


async def opened(control: httpx.AsyncClient, seats: int = 2, **more: Any) -> dict[str, Any]:
    answer = await send(control, tasks.open_classroom(seats, **more))
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def bearer(password: str) -> dict[str, str]:
    return {"authorization": f"Bearer {password}"}


@ON_SQLITE
async def test_a_password_opens_the_own_tenant_and_no_other_call(control: httpx.AsyncClient) -> None:
    first, _second = (seat["password"] for seat in (await opened(control))["seats"])
    for path, methods in documents()["control"]["paths"].items():
        of_tenant = "{tenant}" in path
        # The other seat, the tenant that was there before, one that does not exist: all alike.
        for other in ("class-02", "contoso", "nobody") if of_tenant else ("",):
            filled = re.sub(r"\{\w+\}", "x", path.replace("{tenant}", other)).removeprefix("/_fauxtune/v1")
            for method in methods:
                answer = await control.request(method, filled, headers=bearer(first))
                assert (answer.status_code, error_code(answer)) == (403, "NotAllowed"), (method, path, answer.text)
                words = "opens only the tenant 'class-01'" if of_tenant else "opens only its own tenant"
                assert words in answer.text
    for path in ("", "/labs", "/clock", "/devices", "/journal", "/certificates", "/wire", "/snapshots", "/faults"):
        answer = await control.get(f"/tenants/class-01{path}", headers=bearer(first))
        assert answer.status_code == 200, path
    for key in ("CLASS-01", "class-01.example"):
        assert (await control.get(f"/tenants/{key}", headers=bearer(first))).json()["name"] == "class-01"


async def test_a_seat_does_not_delete_itself(control: httpx.AsyncClient) -> None:
    (seat,) = (await opened(control, 1))["seats"]
    answer = await control.delete("/tenants/class-01", headers=bearer(seat["password"]))
    assert (answer.status_code, "deleted with its classroom" in answer.text) == (403, True)
    assert (await control.get("/tenants/class-01")).status_code == 200


async def test_with_a_control_token_it_opens_all_seats_and_a_password_its_own(
    control: httpx.AsyncClient, emulator: Emulator
) -> None:
    room = await opened(control)
    emulator.control_token = _TOKEN
    assert (await control.get("/classrooms", headers=bearer(_TOKEN))).status_code == 200
    assert (await control.get("/tenants/class-02", headers=bearer(_TOKEN))).status_code == 200
    assert (await control.get("/tenants/class-02", headers=bearer(room["seats"][1]["password"]))).status_code == 200
    assert (await control.get("/tenants/class-01", headers=bearer(room["seats"][1]["password"]))).status_code == 403
    assert (await control.get("/tenants/class-02")).status_code == 401


async def test_a_password_reaches_from_other_machines_what_without_it_is_refused(
    control: httpx.AsyncClient, app: FastAPI
) -> None:
    room = await opened(control)
    away = httpx.ASGITransport(app, client=("192.0.2.7", 1234))
    async with httpx.AsyncClient(transport=away, base_url=BASE) as student:
        assert (await student.get("/tenants/class-01")).status_code == 403
        opens = bearer(room["seats"][0]["password"])
        assert (await student.get("/tenants/class-01", headers=opens)).status_code == 200


async def test_graph_is_opened_by_the_application_that_the_own_tenant_tells(
    control: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    first, second = (await opened(control))["seats"]
    own = (await control.get("/tenants/class-01", headers=bearer(first["password"]))).json()
    form = {
        "grant_type": "client_credentials",
        "client_id": own["clientId"],
        "client_secret": own["clientSecret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    token = (await http.post("/class-01/oauth2/v2.0/token", data=form)).json()["access_token"]
    users = (await http.get("/v1.0/users", headers=bearer(token))).json()["value"]
    assert {user["userPrincipalName"].partition("@")[2] for user in users} == {"class-01.example"}
    assert (await http.post("/class-02/oauth2/v2.0/token", data=form)).status_code in {400, 401}
    # The usual password of the users would let everybody sign in everywhere.
    other = (await control.get("/tenants/class-02")).json()
    form |= {"client_id": other["clientId"], "client_secret": other["clientSecret"], "grant_type": "password"}
    for password, status in (("Fauxtune1!", 400), (first["password"], 400), (second["password"], 200)):
        form |= {"username": "alice@class-02.example", "password": password}
        assert (await http.post("/class-02/oauth2/v2.0/token", data=form)).status_code == status


@ON_BOTH_DATABASES
async def test_passwords_are_kept_as_hashes_and_end_with_the_classroom(
    control: httpx.AsyncClient, emulator: Emulator
) -> None:
    room = await opened(control, 2)
    passwords = [seat["password"] for seat in room["seats"]]
    assert len(set(passwords)) == 2
    assert all(PASSWORD.fullmatch(password) for password in passwords)
    rows = await emulator.runner.read(queries.all_seats)
    assert not any(password in repr(rows) for password in passwords)
    ids = [row.tenant_id for row in rows]
    assert (await send(control, tasks.close_classroom("class"))).status_code == 204
    assert (await send(control, tasks.list_classrooms())).json()["value"] == []
    answer = await control.get("/tenants/class-01", headers=bearer(passwords[0]))
    assert (answer.status_code, "No seat has this password" in answer.text) == (401, True)
    for tenant_id in ids:
        counts = await emulator.runner.read(row_counts, tenant_id)
        assert {name: count for name, count in counts.items() if count} == {}


async def test_no_password_is_shown_by_the_window_on_the_wire(control: httpx.AsyncClient) -> None:
    room = await opened(control, 2)
    first = room["seats"][0]["password"]
    await control.get("/tenants/class-01/labs", headers=bearer(first))
    recorded = ""
    for path in ("/wire", "/tenants/class-01/wire"):
        for exchange in (await control.get(path)).json()["exchanges"]:
            recorded += (await control.get(f"{path}/{exchange['number']}")).text
    assert "/classrooms" in recorded
    assert "/tenants/class-01/labs" in recorded
    assert not [seat["name"] for seat in room["seats"] if seat["password"] in recorded]


async def test_a_classroom_that_cannot_be_is_refused_and_nothing_is_left(control: httpx.AsyncClient) -> None:
    before = (await control.get("/tenants")).json()["value"]
    for body, status, words in (
        ({}, 400, "seats"),
        ({"seats": 0}, 400, "seats"),
        ({"seats": MOST_SEATS + 1}, 400, "seats"),
        ({"seats": "2"}, 400, "seats"),
        ({"seats": 1, "name": "Class"}, 400, "cannot be a name"),
        ({"seats": 1, "name": "7b"}, 400, "cannot be a name"),
        ({"seats": 1, "name": "class-"}, 400, "cannot be a name"),
        ({"seats": 1, "name": "a" * 31}, 400, "cannot be a name"),
        ({"seats": 1, "labs": ["import-onze"]}, 404, "import-once"),
        ({"seats": 1, "room": "7b"}, 400, "no such member"),
    ):
        answer = await control.post("/classrooms", json=body)
        assert (answer.status_code, words in answer.text) == (status, True), answer.text
    await control.post("/tenants", json={"name": "class-02", "keys": "shared"})
    answer = await send(control, tasks.open_classroom(3))
    assert (answer.status_code, "a tenant 'class-02'" in answer.text) == (409, True)
    await control.delete("/tenants/class-02")
    assert (await control.get("/tenants")).json()["value"] == before
    await opened(control, 1, name="morning")
    answer = await send(control, tasks.open_classroom(1, name="morning"))
    assert (answer.status_code, "is open" in answer.text) == (409, True)
    for number in range(MOST_CLASSROOMS - 1):
        await opened(control, 1, name=f"room-{number}")
    answer = await send(control, tasks.open_classroom(1))
    assert (answer.status_code, f"{MOST_CLASSROOMS} classrooms at most" in answer.text) == (400, True)


async def test_a_classroom_or_seat_that_does_not_exist_is_named(control: httpx.AsyncClient) -> None:
    answer = await send(control, tasks.read_classroom("nothing"))
    assert (answer.status_code, "no classroom; open one" in answer.text) == (404, True)
    await opened(control, 2)
    for request, words in (
        (tasks.read_classroom("nothing"), "Open: class."),
        (tasks.reset_seat("class", "class-03"), "its last one is class-02"),
        (tasks.set_classroom_step("class", lab="nothing"), "There is no lab 'nothing'"),
        (tasks.set_classroom_step("class", lab="import-once", step=9), "has the steps 1 to"),
        (tasks.read_transcripts("nothing"), "Open: class."),
        (tasks.close_classroom("nothing"), "Open: class."),
    ):
        answer = await send(control, request)
        assert (answer.status_code, words in answer.text) == (404, True), answer.text


@ON_BOTH_DATABASES
async def test_an_instructor_sees_seats_and_stops_their_clocks(control: httpx.AsyncClient) -> None:
    await opened(control, 2, labs=["rollover-day", "import-once", "rollover-day"])
    await control.put("/tenants/class-02/clock", json={"mode": "frozen", "now": _NOW})
    listed = (await send(control, tasks.list_classrooms())).json()["value"]
    assert [(each["name"], each["seats"], each["labs"]) for each in listed] == [
        ("class", 2, ["rollover-day", "import-once"])
    ]
    frozen = await send(control, tasks.set_classroom_clocks("class", frozen=True))
    assert frozen.json()["value"] == [{"seat": f"class-0{n}", "problem": None} for n in (1, 2)]
    room = (await send(control, tasks.read_classroom("class"))).json()
    assert [seat["frozen"] for seat in room["seats"]] == [True, True]
    assert room["seats"][1]["now"].startswith(_NOW[:19])
    await send(control, tasks.set_classroom_clocks("class", frozen=False))
    room = (await send(control, tasks.read_classroom("class"))).json()
    assert [seat["frozen"] for seat in room["seats"]] == [False, False]
    assert [lab["name"] for lab in room["seats"][0]["labs"]] == ["rollover-day", "import-once"]
    labs = (await control.get("/tenants/class-01/labs")).json()["value"]
    assert [lab["name"] for lab in labs] == ["rollover-day", "import-once"]


@ON_BOTH_DATABASES
async def test_a_seat_without_a_lab_is_reset_to_its_beginning_and_keeps_its_password(
    control: httpx.AsyncClient,
) -> None:
    room = await opened(control, 1)
    opens = bearer(room["seats"][0]["password"])
    await control.put("/tenants/class-01/clock", json={"mode": "frozen", "now": _NOW}, headers=opens)
    answer = await send(control, tasks.reset_seat("class", "1"))
    assert answer.json() == {"seat": "class-01", "lab": None}
    assert (await control.get("/tenants/class-01/clock", headers=opens)).json()["mode"] == "system"
    (transcript,) = (await send(control, tasks.read_transcripts("class"))).json()["value"]
    assert [event["text"] for event in transcript["events"]] == ["by the instructor: began again"]


async def test_a_seat_may_take_an_export_of_itself_back_and_stays_a_seat(control: httpx.AsyncClient) -> None:
    room = await opened(control, 1)
    opens = bearer(room["seats"][0]["password"])
    document = (await control.get("/tenants/class-01/export?keys=true", headers=opens)).content
    headers = {**opens, "content-type": "application/json"}
    assert (await control.put("/tenants/class-01/import", content=document, headers=headers)).status_code == 200
    assert (await control.get("/tenants/class-01", headers=opens)).status_code == 200
    assert (await control.put("/tenants/other/import", content=document, headers=headers)).status_code == 403


def test_a_password_is_known_however_it_was_typed() -> None:
    password = password_from("secret")
    assert PASSWORD.fullmatch(password)
    for typed in (password.upper(), password.replace("-", ""), password.replace("-", " "), f" {password} "):
        assert as_typed(typed) == password
    assert password_from("secret") == password != password_from("another")


@pytest.mark.parametrize("typed", ["", "-", "abcd", "x" * 10_000, "abcd-efgh-jkm1", "ábcd-efgh-jkmn"])
def test_what_is_no_password_is_told_apart(typed: str) -> None:
    assert PASSWORD.fullmatch(as_typed(typed)) is None
