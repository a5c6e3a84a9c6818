"""`fauxtune serve --mail` as a process: what it says, and what a start without it does not load."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.mail_accounts import MAIL_PORTS
from fauxtune.server.readiness import Endpoints
from fauxtune.server.serve import Ready
from fauxtune.settings import Settings
from fauxtune_cli.server.announcing import announce
from tests.support.mail_programs import Programs
from tests.support.running_server import environment, fauxtune, serving


def test_the_wires_are_named_where_programs_look_and_work(commands: Path) -> None:
    with serving("--ephemeral", "--mail", "--mail-port", "0", commands=commands) as running:
        mail = running.endpoints["mail"]
        assert list(mail) == ["smtp", "smtps", "pop3", "pop3s"]
        assert {kind: urlsplit(url).scheme for kind, url in mail.items()} == {kind: kind for kind in mail}
        with running.client() as client:
            assert client.get("/").json()["mail"] == mail
        ports = {kind: urlsplit(url).port or 0 for kind, url in mail.items()}
        programs = Programs(ports, Path(running.endpoints["caFile"]))
        programs.send()
        assert len(programs.read()) == 1
        connected = programs.pop3s()
        code, errors = running.stop()
        connected.close()
    assert (code, errors) == (0, "")


def test_without_mail_nothing_of_it_is_loaded_or_served(commands: Path) -> None:
    loaded = "import sys, fauxtune.server.serve; print([name for name in sys.modules if 'mail' in name.split('.')[-1]])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, env=environment())
    assert not {"aiosmtpd", "mail", "smtplib"} & set(done.stdout.replace("'", " ").split())
    with serving("--ephemeral", commands=commands) as running, running.client() as client:
        assert "mail" not in running.endpoints
        assert "mail" not in client.get("/").json()


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("smtp=0", {"smtp": 0}),
        ("pop3=110, pop3s=995", {"pop3": 110, "pop3s": 995}),
        ("0", dict.fromkeys(MAIL_PORTS, 0)),
    ],
)
def test_the_ports_are_named_by_their_kinds(text: str, changed: dict[str, int]) -> None:
    assert Settings(mail_port=text).mail_port == MAIL_PORTS | changed
    assert Settings(mail_port=text.split(",")).mail_port == MAIL_PORTS | changed


@pytest.mark.parametrize("text", ["", "25", "imap=143", "smtp", "smtp=", "smtp=x", "smtp=65536", "smtp=-1", "smtp=1=2"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="write a port as KIND=NUMBER"):
        Settings(mail_port=text)


def test_a_port_that_is_taken_or_used_twice_is_named(commands: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        ports = ("--port", "0", "--http-port", "0", "--mail-port", "0")
        refused = fauxtune(
            "serve", "--ephemeral", "--mail", *ports[:4], "--mail-port", f"smtp={number}", commands=commands
        )
        assert f"Cannot listen on localhost, port {number}" in refused.stderr
        assert "--mail-port smtp=NUMBER" in refused.stderr
    refused = fauxtune(
        "serve", "--ephemeral", "--mail", "--mail-port", "smtp=18025", "--mail-port", "pop3=18025", commands=commands
    )
    assert "--mail-port smtp and --mail-port pop3 are both 18025" in refused.stderr


def test_the_banner_names_the_ports(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    mail = (("smtp", "smtp://localhost:8025"), ("pop3s", "pop3s://localhost:8995"))
    http = "http://localhost:8080"
    endpoints = Endpoints(
        "7d0c", "https://localhost:8443", http, "ca.pem", ".fauxtune", trust=f"{http}/trust", mail=mail
    )
    announce(Ready(endpoints, Path("data")), for_python="fauxtune env --for python")
    assert "mail programs  smtp://localhost:8025, pop3s://localhost:8995" in capsys.readouterr().out


def test_a_port_without_mail_is_said_to_have_no_effect(commands: Path) -> None:
    with serving("--ephemeral", "--mail-port", "smtp=0", commands=commands) as running:
        _, errors = running.stop()
    assert errors.startswith("fauxtune: --mail-port (FAUXTUNE_MAIL_PORT) has no effect without --mail.")
