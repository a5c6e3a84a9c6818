"""A class on a real server: students who play, students who break things, and an instructor who mends them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from fauxtune.core.administration.directory import PASSWORD, create_user
from tests.support.running_server import Served
from tests.support.server_here import serving_here

Json = dict[str, Any]

#: The host of simulated devices.
pytestmark = pytest.mark.usefixtures("preloaded_modules")
_CONTROL = "/_fauxtune/v1"
_ROOM = f"{_CONTROL}/classrooms/class"
_LAB, _OTHER = "import-once", "removal-is-not-revocation"
_STEPS = 3


_MAKES_PEOPLE = "wrong-tag-wrong-usage"


@dataclass
class Student:
    """A student with a card, and nothing else."""

    client: httpx.Client
    name: str
    password: str

    def call(self, method: str, path: str, body: Json | None = None, *, tenant: str | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.password}"}
        url = f"{_CONTROL}/tenants/{tenant or self.name}{path}"
        return self.client.request(method, url, json=body, headers=headers)

    def lab(self, do: str, name: str = _LAB, **body: Any) -> Json:
        answer = self.call("POST", f"/labs/{name}/{do}", body)
        assert answer.status_code == 200, answer.text
        document: Json = answer.json()
        return document

    def checked(self, step: int) -> Json:
        document: Json = self.lab("check", step=step)["steps"][0]
        return document

    def graph(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        """A request to Graph, as the application of the tenant that the card opens."""
        own = self.call("GET", "").json()
        form = {
            "grant_type": "client_credentials",
            "client_id": own["clientId"],
            "client_secret": own["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        token = self.client.post(f"/{own['id']}/oauth2/v2.0/token", data=form).raise_for_status().json()
        bearer = {"authorization": f"Bearer {token['access_token']}"}
        return self.client.request(method, f"/beta{path}", json=body, headers=bearer)

    def play(self) -> bool:
        """Play a lab from its start to its end; whether it is done."""
        self.lab("start")
        self.lab("answer", question="predict", choice=1)
        self.lab("solve")
        return any(
            self.lab("answer", question="quiz", choice=choice)["right"] and self.lab("check")["done"]
            for choice in (1, 2, 3)
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_here(data_dir=tmp_path_factory.mktemp("classroom") / "data") as served:
        yield served


@pytest.fixture(scope="module")
def client(server: Served) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def opened(client: httpx.Client, seats: int, *, name: str) -> list[Student]:
    """The students of a classroom that is opened."""
    answer = client.post(f"{_CONTROL}/classrooms", json={"seats": seats, "name": name, "labs": [_LAB, _OTHER]})
    assert answer.status_code == 201, answer.text
    return [Student(client, each["name"], each["password"]) for each in answer.json()["seats"]]


@pytest.fixture(scope="module")
def students(client: httpx.Client) -> list[Student]:
    return opened(client, 2, name="class")


@pytest.fixture
def student(students: list[Student]) -> Student:
    """The first student, with the lab as it begins."""
    students[0].lab("reset")
    return students[0]


def seat(client: httpx.Client, name: str) -> Json:
    """What the instructor sees of a seat."""
    room = client.get(f"{_CONTROL}/classrooms/{name.rpartition('-')[0]}").raise_for_status().json()
    found: Json = next(each for each in room["seats"] if each["name"] == name)
    return found


def test_students_who_all_play_at_once_get_to_the_end_and_disturb_nobody(client: httpx.Client) -> None:
    *players, bystander = opened(client, 4, name="crowd")
    before = bystander.call("GET", "/journal").json()
    with ThreadPoolExecutor(len(players)) as threads:
        assert list(threads.map(Student.play, players)) == [True] * len(players)
    assert bystander.call("GET", "/journal").json() == before
    for player in players:
        lab = seat(client, player.name)["labs"][0]
        assert (lab["done"], lab["passed"], lab["answered"]) == (True, [1, 2, 3], True)
    assert seat(client, bystander.name)["labs"][0]["started"] is False
    room = f"{_CONTROL}/classrooms/crowd"
    *transcripts, nothing = client.get(f"{room}/transcripts").json()["value"]
    for transcript in transcripts:
        kinds = [event["event"] for event in transcript["events"]]
        assert kinds[:3] == ["started", "predicted", "solved"]
        assert kinds[-2:] == ["answered", "checked"]
    assert nothing["events"] == []
    assert client.delete(room).status_code == 204


def test_whoever_is_made_at_a_seat_is_opened_by_its_card_and_not_by_the_usual_password(
    student: Student, client: httpx.Client
) -> None:
    """A lab, a state and Graph make people, long after the seat was opened."""
    student.lab("start", _MAKES_PEOPLE)
    state = {"state": "dave has three encryption certificates, two expired"}
    student.call("PUT", "/states", state).raise_for_status()
    asked = create_user(f"erin@{student.name}.example").body
    assert student.graph("POST", "/users", asked).status_code == 201
    people = student.graph("GET", "/users").json()["value"]
    assert {each["userPrincipalName"].partition("@")[0] for each in people} >= {"ana", "dave", "erin"}
    own = student.call("GET", "").json()
    assert own["userPassword"] is None
    form = {"client_id": own["clientId"], "grant_type": "password", "scope": "https://graph.microsoft.com/.default"}
    for each in people:
        for password, status in ((PASSWORD, 400), (student.password, 200)):
            person = {**form, "username": each["userPrincipalName"], "password": password}
            answer = client.post(f"/{own['id']}/oauth2/v2.0/token", data=person)
            assert answer.status_code == status, (each["userPrincipalName"], answer.text)


def test_a_seats_application_reaches_nobody_elses_tenant_by_graph_or_by_a_grant(
    students: list[Student], client: httpx.Client
) -> None:
    """What an attacker tried: foreign grants, foreign users and mail, the neighbour's password, a forged cookie."""
    own, other = (each.call("GET", "").json() for each in students)
    form = {"client_id": own["clientId"], "scope": "https://graph.microsoft.com/.default"}
    secret = {**form, "grant_type": "client_credentials", "client_secret": own["clientSecret"]}
    for key in (other["id"], other["name"], other["domain"], "contoso"):
        assert client.post(f"/{key}/oauth2/v2.0/token", data=secret).status_code in {400, 401}, key
    alice = f"alice@{other['domain']}"
    for key in (own["id"], "common", "organizations"):
        for password in (students[0].password, PASSWORD):
            person = {**form, "grant_type": "password", "username": alice, "password": password}
            assert client.post(f"/{key}/oauth2/v2.0/token", data=person).status_code == 400, (key, password)
    for path in (
        f"/users/{alice}",
        f"/users/{alice}/managedDevices",
        f"/{other['id']}/users",
        f"/organization/{other['id']}",
    ):
        assert students[0].graph("GET", path).status_code in {400, 403, 404}, path
    cookie = {"cookie": f"fauxtune_console=x.seat-{other['id']}.{'0' * 64}"}
    assert "Leave the seat" not in client.get(f"/console/{other['name']}", headers=cookie).text


def test_a_step_for_all_takes_nothing_from_a_seat_that_is_done_or_further(client: httpx.Client) -> None:
    done, further, behind, bystander = everybody = opened(client, 4, name="steps")
    room = f"{_CONTROL}/classrooms/steps"
    done.play()
    done.lab("start", _OTHER)
    further.lab("start", _OTHER)
    behind.lab("start")
    before = {each.name: each.call("GET", "/journal").json() for each in (done, further)}

    def told(member: str, **body: Any) -> list[str | None]:
        answer = client.post(f"{room}/step", json={"lab": _LAB, "step": 2, **body}).raise_for_status()
        return [item[member] for item in answer.json()["value"]]

    # Listed first: nothing is changed by that.
    assert told("lost", preview=True) == [None, None, "this lab begins again, and the steps before are done", None]
    assert seat(client, behind.name)["labs"][0]["passed"] == []
    kept = told("kept")
    assert kept == ["it has done all steps of this lab", f"it is at a later lab, {_OTHER}", None, None]
    assert told("kept") == [*kept[:2], *["it is at this step or further"] * 2]
    assert {each.name: each.call("GET", "/journal").json() for each in (done, further)} == before
    labs = [seat(client, each.name)["labs"] for each in everybody]
    assert [[lab["name"] for lab in each if lab["present"]] for each in labs] == [[_OTHER], [_OTHER], [_LAB], [_LAB]]
    assert [each[0]["passed"] for each in labs] == [[1, 2, 3], [], [1], [1]]
    assert bystander.lab("check", step=1)["steps"][0]["passed"]
    assert client.delete(room).status_code == 204


def test_a_student_who_deletes_what_the_lab_needs_reads_what_is_missing_and_begins_again(
    student: Student, client: httpx.Client
) -> None:
    student.lab("solve", step=1)
    for profile in student.graph("GET", "/deviceManagement/deviceConfigurations").json()["value"]:
        student.graph("DELETE", f"/deviceManagement/deviceConfigurations/{profile['id']}").raise_for_status()
    assert student.graph("DELETE", f"/users/alice@{student.name}.example").status_code == 204
    missing = json.dumps(student.checked(2))
    assert "alice's iPhone: none" in missing
    assert client.post(f"{_ROOM}/seats/{student.name}/reset").json() == {"seat": student.name, "lab": _LAB}
    for step in range(1, _STEPS + 1):
        student.lab("solve", step=step)
        assert student.checked(step)["passed"], step


def test_a_student_who_does_steps_out_of_order_loses_nothing(student: Student, client: httpx.Client) -> None:
    student.lab("solve", step=2)
    assert student.checked(2)["passed"] is False
    assert "nothing is imported" in json.dumps(student.checked(1))
    assert "not yet" in seat(client, student.name)["last"]["text"]
    student.lab("solve", step=1)
    assert student.checked(1)["passed"] is True
    student.call("POST", "/settle", {}).raise_for_status()
    assert student.checked(2)["passed"] is True


def test_a_student_who_moves_the_clock_back_is_told_and_mended(student: Student, client: httpx.Client) -> None:
    moved = {"mode": "frozen", "now": "2020-01-01T00:00:00Z"}
    student.call("PUT", "/clock", moved).raise_for_status()
    assert seat(client, student.name)["now"].startswith("2020")
    assert student.checked(1)["passed"] is False
    client.post(f"{_ROOM}/seats/1/reset").raise_for_status()
    assert not seat(client, student.name)["now"].startswith("2020")
    student.lab("solve", step=1)
    assert student.checked(1)["passed"] is True


def test_another_seat_stays_closed_whatever_a_student_tries(student: Student, students: list[Student]) -> None:
    other = students[1]
    for method, path in (("POST", f"/labs/{_LAB}/solve"), ("POST", "/reset"), ("DELETE", ""), ("GET", "/export")):
        answer = student.call(method, path, {} if method == "POST" else None, tenant=other.name)
        assert (answer.status_code, "opens only the tenant 'class-01'" in answer.text) == (403, True)
    own = student.call("GET", "").json()
    form = {"grant_type": "password", "client_id": own["clientId"], "client_secret": own["clientSecret"]}
    form |= {"username": f"alice@{other.name}.example", "password": student.password, "scope": "openid"}
    assert student.client.post(f"/{other.name}/oauth2/v2.0/token", data=form).status_code in {400, 401}


def test_what_a_student_does_to_the_tenant_does_not_reach_the_transcript(
    student: Student, client: httpx.Client
) -> None:
    student.lab("hint", step=1)
    student.call("POST", "/reset", {}).raise_for_status()
    assert seat(client, student.name)["labs"][0]["started"] is False
    (transcript, *_others) = client.get(f"{_ROOM}/transcripts").json()["value"]
    assert "took hint 1 of step 1" in json.dumps(transcript["events"])
    assert student.call("GET", "/labs").status_code == 200, "the card still opens the seat"
    student.lab("start")


def test_the_lessons_end_takes_seats_and_passwords(client: httpx.Client) -> None:
    (student,) = opened(client, 1, name="evening")
    student.lab("start", _OTHER)
    assert client.delete(f"{_CONTROL}/classrooms/evening").status_code == 204
    assert student.call("GET", "/labs").status_code == 401
    assert client.get(f"{_CONTROL}/tenants/evening-01").status_code == 404
