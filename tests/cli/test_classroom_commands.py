"""`fauxtune classroom`: from the cards to the transcripts."""

from __future__ import annotations

import csv
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune_labs.handout.writing import qr_code
from tests.support.commands import Commands
from tests.support.running_server import Served

#: The host of simulated devices.
pytestmark = pytest.mark.usefixtures("preloaded_modules")
_LABS = ("--lab", "import-once", "--lab", "removal-is-not-revocation")


@pytest.fixture
def room(run: Commands, server: Served, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A classroom of two seats, and its files in `tmp_path`."""
    for name in ("cards.html", "seats.csv"):  # they are there from another day, for everybody to read
        (tmp_path / name).touch(mode=0o644)
    opened = run.json("classroom", "start", "2", *_LABS, "--out", tmp_path)
    yield opened
    with server.client() as client:
        client.delete("/_fauxtune/v1/classrooms/class")


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_the_cards_have_what_a_student_needs(room: dict[str, Any], server: Served, tmp_path: Path) -> None:
    cards, seats = tmp_path / "cards.html", rows_of(tmp_path / "seats.csv")
    assert room["written"] == [str(tmp_path / "seats.csv"), str(cards)]
    assert [row["seat"] for row in seats] == ["class-01", "class-02"]
    text = cards.read_text(encoding="utf-8")
    for row in seats:
        assert row["password"] in text
        assert row["address"] == room["address"]
    assert room["address"].startswith(server.https.replace("127.0.0.1", "localhost"))
    assert text.count(str(qr_code(room["address"]))) == 2
    assert "<script" not in text
    assert not re.search(r'(?:src|href)="', text), "the page asks nobody for anything"
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, "they have passwords"
    with server.client() as client:
        for row in seats:
            opens = {"authorization": f"Bearer {row['password']}"}
            answer = client.get(f"/_fauxtune/v1/tenants/{row['seat']}", headers=opens)
            assert answer.status_code == 200


def test_a_card_is_enough_for_the_commands_of_a_student(room: dict[str, Any], run: Commands) -> None:
    first, second = room["seats"]
    own = ("--tenant", first["name"], "--control-token", first["password"])
    listed = run.json("lab", "list", *own)
    assert [each["name"] for each in listed] == ["import-once", "removal-is-not-revocation"]
    assert {each["userPrincipalName"].partition("@")[2] for each in run.json("user", "list", *own)} == {
        "class-01.example"
    }
    assert "opens only the tenant 'class-01'" in run.refused(
        "lab", "list", "--tenant", second["name"], "--control-token", first["password"]
    )
    assert "not the whole server" in run.refused("classroom", "list", "--control-token", first["password"])
    assert "not the whole server" in run.refused("tenant", "list", "--control-token", first["password"])


def test_the_instructor_sees_and_steers(room: dict[str, Any], run: Commands, server: Served) -> None:
    assert "nobody has signed in" in run.text("classroom", "show")
    assert run.json("classroom", "list")[0]["labs"] == ["import-once", "removal-is-not-revocation"]
    assert "2 of 2 seats: frozen" in run.text("classroom", "freeze")
    assert [seat["frozen"] for seat in run.json("classroom", "show", "class")["seats"]] == [True, True]
    assert "2 of 2 seats: running" in run.text("classroom", "unfreeze", "--class", "class")
    assert "The connector is off line" in run.text("classroom", "fault", "2", "offline")
    assert "as when it was opened" in run.text("classroom", "reset", "class-02")
    assert "nearest are: offline" in run.refused("classroom", "fault", "2", "offlin")
    assert "has no seat '3'" in run.refused("classroom", "reset", "3")
    assert "import-once" in run.refused("classroom", "step", "import-onze")
    with server.client() as client:
        assert client.get("/_fauxtune/v1/tenants/class-02/faults").json()["value"] == []
    assert len(room["seats"]) == 2


def test_what_is_left_is_a_transcript_of_each_seat_and_a_summary(
    room: dict[str, Any], run: Commands, graph: httpx.Client, tmp_path: Path
) -> None:
    first = room["seats"][0]
    own = ("--tenant", first["name"], "--control-token", first["password"])
    run.text("lab", "start", "import-once", "--yes", *own)
    run.text("lab", "answer", "import-once", "1", *own)
    run.text("lab", "hint", "import-once", "1", *own)
    run.run("lab", "check", "import-once", "--step", "1", *own)
    run.text("lab", "solve", "import-once", *own)
    answered = run.json("lab", "answer", "import-once", "1", "--quiz", *own)
    folder = tmp_path / "transcripts"
    assert "is closed" in run.text("classroom", "stop", "--report", folder, "--yes")
    assert sorted(path.name for path in folder.iterdir()) == ["class-01.html", "class-02.html", "summary.csv"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}, "they tell of people"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (lab,) = [row for row in rows_of(folder / "summary.csv") if row["seat"] == "class-01" and row["started"] == "yes"]
    assert (lab["lab"], lab["stepsPassed"], lab["steps"], lab["hints"]) == ("import-once", "3", "3", "1")
    assert lab["lastQuestion"] == ("right" if answered["right"] else "wrong")
    page = re.sub(r"<[^>]*>", " ", (folder / "class-01.html").read_text(encoding="utf-8"))
    assert re.search(r"Import once, and every device can read\s+started", page)
    for words in (
        "answered the first question",
        "took hint 1 of step 1",
        "checked: step 1 not yet: ",
        "had all steps done",
        "answered the last question",
        "Certificates that its CA had issued",
    ):
        assert words in page, words
    assert "Nobody has signed in" in (folder / "class-02.html").read_text(encoding="utf-8")
    assert graph.get("/class-01/v2.0/.well-known/openid-configuration").status_code in {400, 404}
    assert run.json("classroom", "list") == []


def test_cards_and_the_commands_of_a_class_are_italian_where_that_is_asked_for(run: Commands, tmp_path: Path) -> None:
    italian = ("--lang", "it")
    run.text("classroom", "start", "1", *_LABS, "--out", tmp_path, *italian)
    cards = (tmp_path / "cards.html").read_text(encoding="utf-8")
    for words in ('lang="it"', "Poi: accedi a", "FAUXTUNE_LANG=it"):
        assert words in cards
    shown = run.text("classroom", "show", *italian)
    assert ("postazione" in shown, "nessuno è entrato" in shown) == (True, True)
    own = ("--tenant", "class-01", *italian)
    assert "Il tenant non ha profili." in run.text("profile", "list", *own)
    assert "alice@class-01.example" in run.text("user", "list", *own), "names stay"
    run.text("classroom", "stop", "--yes")


def test_a_classroom_is_named_when_several_are_open(room: dict[str, Any], run: Commands, tmp_path: Path) -> None:
    other = run.json("classroom", "start", "1", "--class", "morning", *_LABS, "--out", tmp_path / "morning")
    assert other["seats"][0]["name"] == "morning-01"
    assert "name one of class, morning" in run.refused("classroom", "show")
    assert "morning-01" in run.text("classroom", "show", "morning")
    run.text("classroom", "stop", "morning", "--yes")
    assert "class-02" in run.text("classroom", "show")
    assert "is open" in run.refused("classroom", "start", "1", "--out", tmp_path)
    assert room["name"] == "class"


def test_without_a_classroom_the_commands_say_how_to_open_one(run: Commands) -> None:
    assert "fauxtune classroom start 12" in run.text("classroom", "list")
    for command in (("show",), ("freeze",), ("reset", "1"), ("stop", "--yes")):
        assert "fauxtune classroom start 12" in run.refused("classroom", *command)


def test_cards_can_name_the_server_as_others_call_it(run: Commands, tmp_path: Path) -> None:
    for host, expected in (
        ("192.168.1.20", r"https://192\.168\.1\.20:\d+/"),
        ("lab.example:443", "https://lab.example:443/"),
    ):
        opened = run.json("classroom", "start", "1", *_LABS, "--address", host, "--out", tmp_path)
        assert re.match(expected, opened["address"])
        run.text("classroom", "stop", "--yes")


def test_passwords_are_told_although_the_cards_cannot_be_written(run: Commands, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    message = run.refused("classroom", "start", "1", *_LABS, "--out", file)
    assert re.search(r"cannot be written: .* class-01 [a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}", message)
    refused = run.run("classroom", "stop", "--yes", "--report", file)
    assert (refused.code, "The classroom is still open" in refused.errors) == (1, True)
    run.text("classroom", "stop", "--yes")
