"""`fauxtune unfriendly`: a program with one mistake is broken, what broke it is shrunk, and the line repeats it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Commands

#: Reads all users and groups, and tries what fails again. With an argument it has a mistake.
PROGRAM = """
import json, os, sys, time
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

mistake, url, tenant = sys.argv[1], os.environ["FAUXTUNE_URL"], os.environ["AZURE_TENANT_ID"]

def token():
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    form |= {"client_id": os.environ["AZURE_CLIENT_ID"], "client_secret": os.environ["AZURE_CLIENT_SECRET"]}
    return json.load(urlopen(f"{url}/{tenant}/oauth2/v2.0/token", urlencode(form).encode()))["access_token"]

held = token()

def get(address):
    global held
    for _ in range(12):
        try:
            return json.load(urlopen(Request(address, headers={"Authorization": f"Bearer {held}"})))
        except HTTPError as error:
            if mistake == "keeps-token" and error.code == 401:
                raise
            if error.code == 401:
                held = token()
            elif error.code in (429, 503):
                time.sleep(0.01 if mistake != "reads-seconds" else float(error.headers["Retry-After"]) / 100)
        except OSError:
            pass
    sys.exit("it gave up")

def every(address):
    for _ in range(8):
        elements, page = {}, address
        try:
            while page:
                answer = get(page)
                elements |= {each["id"]: each for each in answer["value"]}
                page = None if mistake == "one-page" else answer.get("@odata.nextLink")
            return elements
        except SystemExit:
            pass
    sys.exit("it gave up")

assert len(every(f"{url}/v1.0/users")) == 3
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    return file


@pytest.mark.parametrize(
    ("mistake", "kind"),
    [("one-page", "small-pages"), ("keeps-token", "token-ends|clock-jump"), ("reads-seconds", "throttled-date")],
)
def test_a_mistake_is_found_and_shrunk(  # a token also ends when the clock jumps, which a second decision makes felt
    run: Commands, program: Path, mistake: str, kind: str, graph: httpx.Client
) -> None:
    before = graph.get("/_fauxtune/v1/tenants").json()["value"]
    words = ("unfriendly", "--runs", "60", "--seed", "3", "--output", "json", "--", sys.executable, program, mistake)
    done = run.run(*words)
    assert done.code == 1, done.errors
    line = str(_told(done.output)["schedule"])
    assert line.count(";") <= 2
    assert re.search(f"; ({kind}) GET /users", line)
    again = run.run("unfriendly", "--schedule", line, "--", sys.executable, program, mistake)
    assert again.code == 1
    assert "Again: fauxtune unfriendly --schedule" in again.output
    assert run.run("unfriendly", "--schedule", line, "--", sys.executable, program, "none").code == 0
    assert [tenant["id"] for tenant in graph.get("/_fauxtune/v1/tenants").json()["value"]] == [
        tenant["id"] for tenant in before
    ]


def test_what_cannot_be_tried_ends_with_2(run: Commands, program: Path) -> None:
    fails = run.run("unfriendly", "--", sys.executable, "-c", "raise SystemExit(3)")
    assert (fails.code, "fails without any fault: exit code 3" in fails.errors) == (2, True)
    asks_nothing = run.run("unfriendly", "--", sys.executable, "-c", "")
    assert (asks_nothing.code, "sent no request to Graph" in asks_nothing.errors) == (2, True)
    nonsense = run.run("unfriendly", "--schedule", "number=7; nonsense GET /users #1", "--", sys.executable, program)
    assert (nonsense.code, "There is no decision 'nonsense'" in nonsense.errors) == (2, True)
    missing = run.run("unfriendly", "--", "no-such-program")
    assert (missing.code, "cannot be run" in missing.errors) == (2, True)


def _told(output: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(output)
    return told
