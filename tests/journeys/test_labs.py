"""Labs on a real server, as students and trainers use them: every lab, every way, and what students break."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import Edition
from fauxtune_labs.core.reading import read_lab, skeleton
from tests.support.commands import Commands
from tests.support.journey_server import serving_journey
from tests.support.running_server import EDITION, Served
from tests.support.soak import SOAK, some

Json = dict[str, Any]
_CONTROL = "/_fauxtune/v1/tenants"
NAMES = files("fauxtune_labs").joinpath("texts", "order.txt").read_text(encoding="utf-8").split()
#: Labs in which files are imported: the request that is shown has words in the place of the file and its password.
IMPORTING = {"import-once", "mail-of-2019", "wrong-tag-wrong-usage", "same-file-different-phone", "rollover-day"}
#: A lab in which a person signs in to approve something, and the answer that asks for the approval is an error.
APPROVING = {"four-eyes"}
#: Labs that an edition does not have, with what `lab test` says of them.
OF_OTHER_EDITIONS: dict[Edition, dict[str, str]] = {
    Edition.APRIL_2020: {"connector-without-key": "not played: it is for the edition current only"},
    Edition.CURRENT: {},
}
#: Those that the edition of the whole run has.
PLAYED = [name for name in NAMES if name not in OF_OTHER_EDITIONS[Edition(EDITION)]]
#: So many labs are there for one that each run plays in every way, also in wrong ones; `make soak` plays them all.
IN_TURN = {Edition.CURRENT: 3, Edition.APRIL_2020: 5}
#: Each run solves a lab by its commands, or by its requests where there are any: in turn. `make soak` does both.
BY_REQUESTS = [name for name in PLAYED if name not in IMPORTING | APPROVING][:: 1 if SOAK else 2]
BY_COMMANDS = [name for name in PLAYED if SOAK or name not in BY_REQUESTS]
#: How often a step is checked until it passes.
_PATIENCE = 50
_OBJECTIVE = "Gestire e mantenere i dispositivi: azioni remote sui dispositivi"


class Seat:
    """A tenant in which somebody plays labs."""

    def __init__(self, client: httpx.Client, name: str, *, edition: str = EDITION) -> None:
        self.client = client
        body = {"name": name, "keys": "shared", "edition": edition}
        self.tenant: Json = client.post(_CONTROL, json=body).raise_for_status().json()
        form = {
            "grant_type": "client_credentials",
            "client_id": self.tenant["clientId"],
            "client_secret": self.tenant["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        token = client.post(f"/{self.tenant['id']}/oauth2/v2.0/token", data=form).raise_for_status().json()
        self.headers = {"authorization": f"Bearer {token['access_token']}"}

    def control(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        return self.client.request(method, f"{_CONTROL}/{self.tenant['id']}{path}", json=body)

    def lab(self, name: str, do: str = "", **body: Any) -> Json:
        answer = self.control("POST" if do else "GET", f"/labs/{name}/{do}".rstrip("/"), body if do else None)
        assert answer.status_code == 200, answer.text
        document: Json = answer.json()
        return document

    def send(self, request: Json, ids: list[str]) -> None:
        """Send a request as a lab shows it, with the ids that earlier answers contained."""
        text = json.dumps([request["path"], request["body"]])
        for number, each in enumerate(ids, 1):
            text = text.replace(f"ID-{number:02}", each)
        path, body = json.loads(text)
        if request["service"] == "control":
            answer = self.control(request["method"], path, body)
        else:
            answer = self.client.request(request["method"], f"/beta{path}", json=body, headers=self.headers)
        assert answer.is_success, (request, answer.text)
        created = answer.json() if answer.content else {}
        ids.append(str(created.get("id", "")))

    def checked(self, name: str, step: int) -> Json:
        document: Json = self.lab(name, "check", step=step)["steps"][0]
        return document

    def passes(self, name: str, step: int) -> bool:
        """Whether the step passes soon: devices take a moment to make keys, and to ask for certificates."""
        for _ in range(_PATIENCE):
            self.control("POST", "/settle", {}).raise_for_status()
            checked = self.checked(name, step)
            if checked["passed"]:
                return True
            time.sleep(0.2)
        raise AssertionError(checked)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trainer's labs: the skeleton, and one with a mistake."""
    folder = tmp_path_factory.mktemp("labs")
    for name, text in (("retired-phone", skeleton()), ("broken", skeleton().replace('do = "wipe"', 'do = "wype"'))):
        (folder / name).mkdir()
        (folder / name / "lab.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Served]:
    with serving_journey(tmp_path_factory.mktemp("labs-server") / "data", labs=folder) as served:
        yield served


@pytest.fixture(scope="module")
def commands(server: Served) -> Commands:
    return Commands(Path(server.endpoints["caFile"]).parents[1])


@pytest.fixture(scope="module")
def client(server: Served) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture
def seat(client: httpx.Client, request: pytest.FixtureRequest) -> Seat:
    return Seat(client, f"seat-{abs(hash(request.node.name)) % 10**9}")


@pytest.mark.program("openssl", package="openssl")
@pytest.mark.parametrize("edition", [*Edition])
def test_every_lab_can_be_played_to_its_end_and_every_wrong_way_is_noticed(
    commands: Commands, edition: Edition
) -> None:
    names = [each["name"] for each in commands.json("lab", "list") if each["state"] != "broken"]
    played = some(names, one_of=IN_TURN[edition])
    names = [name for name in names if name in played or name in OF_OTHER_EDITIONS[edition]]
    trials = commands.json("lab", "test", *names, "--edition", edition)
    assert {trial["name"]: trial["problems"] for trial in trials} == {name: [] for name in names}
    skipped = {trial["name"]: trial["skipped"] for trial in trials if trial["skipped"]}
    assert skipped == OF_OTHER_EDITIONS[edition]
    assert all(trial["tries"] for trial in trials if trial["name"] not in skipped)


def test_a_lab_of_another_edition_is_not_started_and_says_so(client: httpx.Client, commands: Commands) -> None:
    name, seat = "connector-without-key", Seat(client, "seat-of-2020", edition=Edition.APRIL_2020)
    words = ("--tenant", seat.tenant["id"], "--lang", "it")
    assert "per l'edizione current" in commands.text("lab", "list", *words)
    refused = commands.refused("lab", "start", name, "--yes", *words[:2])
    assert "in the edition current only" in refused
    assert "fauxtune tenant create --edition current" in refused
    page = client.get(f"/console/{seat.tenant['name']}/labs/{name}", headers={"accept-language": "it"}).text
    assert "solo nell'edizione current" in page
    assert f"labs/{name}/start" not in page
    # A start brings back the edition in which the tenant was created.
    seat.control("PATCH", "", {"settings": {"edition": "current"}}).raise_for_status()
    assert seat.control("POST", f"/labs/{name}/start").status_code == 409


def test_what_is_checked_of_a_mail_that_is_not_there_does_not_pass(seat: Seat) -> None:
    seat.lab("one-key-per-device", "start")
    checks = seat.checked("one-key-per-device", 2)["checks"]
    assert {check["expected"] for check in checks} == {
        "it is encrypted, and alice's iPhone can read it",
        "it is encrypted, and alice's PC cannot read it",
    }
    assert not any(check["passed"] for check in checks), checks


def test_a_mail_that_nobody_has_encrypted_does_not_pass(seat: Seat) -> None:
    """Every device can read it, also one without a key: it shows nothing of what the labs teach."""
    seat.lab("one-key-per-device", "start")
    bob, alice = (f"{name}@{seat.tenant['domain']}" for name in ("bob", "alice"))
    mail = {"from": bob, "to": [alice], "subject": "Plans", "text": "In clear"}
    seat.control("POST", "/messages", mail).raise_for_status()
    checks = seat.checked("one-key-per-device", 2)["checks"]
    assert not any(check["passed"] for check in checks), checks
    assert all("not encrypted" in check["saw"] for check in checks)


def test_the_page_of_a_lab_offers_its_files_before_its_steps(client: httpx.Client, seat: Seat) -> None:
    seat.lab("mail-of-2019", "start")
    address = f"/console/{seat.tenant['name']}/labs/mail-of-2019"
    page = client.get(address, headers={"accept-language": "it"}).text
    before = page.partition("Prevedi")[0]
    for name in ("2019.pfx", "2023.pfx"):
        assert f'href="{address}/files/{name}"' in before
        assert client.get(f"{address}/files/{name}").status_code == 200
    assert "2019.eml" not in before


def test_a_lab_with_a_mistake_is_listed_with_the_line_and_cannot_be_started(commands: Commands) -> None:
    line = skeleton()[: skeleton().index('do = "wipe"')].count("\n") + 1
    listed = {each["name"]: each for each in commands.json("lab", "list")}
    assert f"line {line}: there is no deed 'wype'; the nearest are 'wipe'" in listed["broken"]["problem"]
    assert f"line {line}" in commands.refused("lab", "start", "broken", "--yes")


def test_an_unknown_lab_is_refused_with_the_nearest_names(commands: Commands) -> None:
    assert "import-once" in commands.refused("lab", "show", "import-onze")
    # The beginning of a name is enough; of those that are like it the ones that begin so come first.
    assert commands.json("lab", "show", "one-key")["name"] == "one-key-per-device"
    assert "The nearest are: rollover-day, retired-phone, removal-is-not-revocation." in commands.refused(
        "lab", "show", "r"
    )


@pytest.mark.parametrize("name", BY_COMMANDS)
def test_who_runs_the_commands_of_a_lab_in_order_and_checks_once_at_the_end_has_finished_it(
    name: str, seat: Seat, commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tenant = ("--tenant", seat.tenant["id"])
    commands.text("lab", "start", name, "--yes", *tenant)
    commands.text("lab", "files", name, *tenant)
    right = {question: _right_choice(name, question) for question in ("predict", "quiz")}
    commands.text("lab", "answer", name, right["predict"], *tenant)
    for number, step in enumerate(seat.lab(name)["steps"]):
        for place in range(len(step["do"])):
            # What a command contains may come with the one before it, such as a thumbprint.
            command = seat.lab(name)["steps"][number]["do"][place]["command"]
            commands.text(*shlex.split(command)[1:], *tenant)
    commands.text("lab", "answer", name, right["quiz"], "--quiz", *tenant)
    # Nobody has pressed "Check" so far, and several labs undo in a step what the one before has reached.
    seat.control("POST", "/settle", {}).raise_for_status()
    checked = commands.json("lab", "check", name, *tenant)
    assert checked["done"], checked


def _right_choice(name: str, question: str) -> str:
    lab = read_lab(name, files("fauxtune_labs").joinpath("texts", name, "lab.toml").read_text(encoding="utf-8"))
    choices = (lab.predict if question == "predict" else lab.quiz).choices
    return str(1 + [choice.right for choice in choices].index(True))


@pytest.mark.parametrize("name", BY_REQUESTS)
def test_the_requests_that_a_lab_shows_solve_it(name: str, seat: Seat) -> None:
    for number, step in enumerate(seat.lab(name, "start")["steps"], 1):
        for place in range(len(step["do"])):
            ids: list[str] = []
            for request in seat.lab(name)["steps"][number - 1]["do"][place]["requests"]:
                seat.send(request, ids)
            seat.control("POST", "/settle", {}).raise_for_status()
        assert seat.passes(name, number)


def test_a_student_plays_a_lab_by_commands(seat: Seat, commands: Commands) -> None:
    tenant = ("--tenant", seat.tenant["id"])
    name = "removal-is-not-revocation"
    assert "Which of its two certificates" in commands.text("lab", "start", name, "--yes", *tenant)
    # A prediction is judged when somebody has looked: after step 1.
    assert "whether it was right when you have seen" in commands.text("lab", "answer", name, "1", *tenant)
    assert commands.json("lab", "answer", name, "2", *tenant)["right"] is None
    assert [choice["why"] for choice in seat.lab(name)["predict"]["choices"]] == [None] * 3
    undone = commands.run("lab", "check", name, *tenant)
    assert undone.code == 1
    assert "saw:      active" in undone.output
    assert "expected: wiped" in undone.output
    hints = [commands.text("lab", "hint", name, "1", *tenant) for _ in range(4)]
    assert [hint[:3] for hint in hints] == ["1/3", "2/3", "3/3", "3/3"]
    commands.text("lab", "solve", name, *tenant)
    assert [choice["right"] for choice in seat.lab(name)["predict"]["choices"][:2]] == [False, True]
    assert commands.text("lab", "answer", name, "1", *tenant).startswith("Wrong. ")
    assert commands.text("lab", "answer", name, "2", *tenant).startswith("Right. ")
    assert "last question is not answered rightly" in commands.text("lab", "check", name, *tenant)
    commands.text("lab", "answer", name, "1", "--quiz", *tenant)
    assert commands.json("lab", "check", name, *tenant)["done"] is True
    assert "done" in commands.text("lab", "list", *tenant)


def test_a_lab_is_played_in_italian(seat: Seat, commands: Commands) -> None:
    words = ("--tenant", seat.tenant["id"], "--lang", "it")
    name = "removal-is-not-revocation"
    assert "Rimuovere non è revocare" in commands.text("lab", "list", *words)
    listed = {each["name"]: each["objective"] for each in commands.json("lab", "list", *words)}
    assert (listed[name], listed["retired-phone"]) == (_OBJECTIVE, None)
    assert f"Per esercitarsi in: {_OBJECTIVE}" in " ".join(commands.text("lab", "show", name, *words).split())
    assert _OBJECTIVE in seat.client.get(f"/console/{seat.tenant['name']}/labs", headers={"accept-language": "it"}).text
    assert "Quale dei suoi due certificati" in commands.text("lab", "start", name, "--yes", *words)
    commands.text("lab", "answer", name, "2", *words)
    undone = commands.run("lab", "check", name, *words)
    assert undone.code == 1
    assert "la registrazione di alice's iPhone\n     visto:  attiva\n     atteso: cancellata" in undone.output
    assert "manca la risposta giusta all'ultima domanda" in " ".join(undone.output.split())
    assert "1/3  La pagina del telefono" in commands.text("lab", "hint", name, "1", *words)
    assert "PROVALO FUORI" in commands.text("lab", "show", name, *words)
    page = f"/console/{seat.tenant['name']}/labs/{name}"
    for language, text in (("it-IT,it;q=0.9,en;q=0.8", "Provalo fuori"), ("en", "Prove it outside")):
        answer = seat.client.get(page, headers={"accept-language": language})
        assert text in answer.text
        assert f'lang="{language[:2]}"' in answer.text
    commands.text("lab", "solve", name, "--step", "1", *words)
    assert commands.text("lab", "answer", name, "2", *words).startswith("Giusto. Non serve più a nessuno")
    assert commands.text("lab", "answer", name, "2", *words[:2]).startswith("Right. ")


def test_a_reset_mends_what_a_student_broke(seat: Seat) -> None:
    name = "import-once"
    begun = seat.lab(name, "start")
    seat.lab(name, "answer", question="predict", choice=2)
    profiles = "/beta/deviceManagement/deviceConfigurations"
    seat.lab(name, "solve", step=2)  # out of order: nothing was imported
    assert "alice's iPhone: none" in json.dumps(seat.checked(name, 2))
    for profile in seat.client.get(profiles, headers=seat.headers).json()["value"]:
        seat.client.delete(f"{profiles}/{profile['id']}", headers=seat.headers).raise_for_status()
    seat.client.delete(f"/beta/users/alice@{seat.tenant['domain']}", headers=seat.headers).raise_for_status()
    seat.control("PUT", "/clock", {"mode": "offset", "now": "2020-01-01T00:00:00Z"}).raise_for_status()
    assert "no user alice" in json.dumps(seat.checked(name, 2))
    again = seat.lab(name, "reset")
    assert again["predict"]["choices"][1]["chosen"] is True
    assert again["files"] == begun["files"]
    for number in (1, 2, 3):
        seat.lab(name, "solve", step=number)
        assert seat.checked(name, number)["passed"]


def test_a_clock_that_was_put_back_is_named(seat: Seat) -> None:
    seat.lab("retired-phone", "start")
    seat.control("PUT", "/clock", {"mode": "frozen", "now": "2020-01-01T00:00:00Z"}).raise_for_status()
    seat.lab("retired-phone", "reset")
    now = seat.control("GET", "/clock").json()
    assert not now["now"].startswith("2020")


def test_labs_of_one_tenant_follow_one_another_and_what_was_done_is_kept(seat: Seat) -> None:
    seat.lab("retired-phone", "start")
    seat.lab("retired-phone", "solve")
    assert all(step["passed"] for step in seat.lab("retired-phone", "check")["steps"])
    seat.lab("removal-is-not-revocation", "start")
    listed = {item["name"]: item for item in seat.control("GET", "/labs").json()["value"]}
    assert (listed["retired-phone"]["state"], listed["retired-phone"]["passed"]) == ("started", 1)
    refused = seat.control("POST", "/labs/retired-phone/check", {})
    assert (refused.status_code, "'removal-is-not-revocation' was started after" in refused.text) == (409, True)
    # The start of the first lab is not kept any more: it is made again.
    assert seat.lab("retired-phone", "reset")["steps"][0]["passed"] is False
    listed = {item["name"]: item for item in seat.control("GET", "/labs").json()["value"]}
    assert listed["removal-is-not-revocation"]["state"] == "started"


def test_tenants_do_not_disturb_one_another(client: httpx.Client) -> None:
    one, other = Seat(client, "seat-one"), Seat(client, "seat-other")
    one.lab("retired-phone", "start")
    other.lab("retired-phone", "start")
    one.lab("retired-phone", "solve")
    assert one.checked("retired-phone", 1)["passed"] is True
    assert other.checked("retired-phone", 1)["passed"] is False


def test_what_a_lab_cannot_do_is_refused_with_a_reason(seat: Seat) -> None:
    refused = seat.control("POST", "/labs/import-once/check", {})
    assert (refused.status_code, "fauxtune lab start import-once" in refused.text) == (409, True)
    seat.lab("import-once", "start")
    for path, body, status in (
        ("answer", {"question": "predict", "choice": 9}, 400),
        ("answer", {"question": "why", "choice": 1}, 400),
        ("check", {"step": 7}, 404),
        ("hint", {"step": 7}, 404),
        ("solve", {"step": 1, "wrong": 5}, 404),
        ("start", None, 404),
    ):
        name = "no-such-lab" if body is None else "import-once"
        assert seat.control("POST", f"/labs/{name}/{path}", body).status_code == status, path
    assert seat.control("GET", "/labs/import-once/files/budget.eml/raw").status_code == 409
    assert seat.control("GET", "/labs/import-once/files/nothing.pem/raw").status_code == 404


def test_a_trainer_writes_a_lab_and_reads_its_mistakes(commands: Commands, tmp_path: Path) -> None:
    file = tmp_path / "mine" / "my-lab" / "lab.toml"
    commands.text("lab", "new", "my-lab", "--labs", tmp_path / "mine")
    assert "Nothing is wrong." in commands.text("lab", "lint", file)
    assert "already" in commands.refused("lab", "new", "my-lab", "--labs", tmp_path / "mine")
    catalogue = file.with_name("it.po")
    assert "English" in commands.refused("lab", "translate", file, "--lang", "en")
    assert str(catalogue) in commands.text("lab", "translate", file)
    undone = commands.run("lab", "lint", tmp_path / "mine")
    assert (undone.code, f"{catalogue}:" in undone.output, "is not translated yet" in undone.output) == (1, True, True)
    catalogue.write_text(catalogue.read_text().replace('msgstr ""\n\n', 'msgstr "x"\n\n')[:-3] + '"x"\n')
    assert "Nothing is wrong." in commands.text("lab", "lint", file)
    catalogue.rename(file.with_name("de.po"))
    assert "a translation is called it.po" in commands.run("lab", "lint", file).output
    file.with_name("de.po").unlink()
    file.write_text(file.read_text().replace("minutes = 5", "minutes = 50"))
    done = commands.run("lab", "lint", tmp_path / "mine")
    assert done.code == 1
    assert f"{file}:3: a lab takes 5 to 12 minutes" in done.output
