"""`fauxtune wire`: a table, one exchange whole, following, filters, HAR, forgetting, and texts that strangers chose."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from fauxtune_wire.text import stop_note
from tests.support.commands import Commands
from tests.support.running_server import SECONDS, Served, environment, serving
from tests.support.terminal import at_a_terminal

#: An address whose refusal clears the screen, if a terminal gets it as it is.
HOSTILE = "/pki/contoso/%1b[2J/crl"


@pytest.fixture(autouse=True)
def _cleared(run: Commands) -> None:
    run.text("wire", "clear")


def test_requests_are_a_table_that_fits_into_80_columns(run: Commands, graph: httpx.Client) -> None:
    graph.get("/beta/deviceManagement/managedDevices/c0ffee00-0000-4000-8000-00000000a991?$select=id,deviceName")
    graph.get("/pki/contoso/root/crl")
    heading, first, why, second = run.text("wire").splitlines()
    assert heading.split() == ["no", "time", "surface", "method", "path", "status", "ms", "who"]
    assert all(len(line) <= 80 for line in (heading, first, why, second))
    assert " graph     GET    /beta/de…" in first
    assert "c0ffee00…?…" in first
    assert " 404 " in first
    assert first.endswith(" Fauxtune te…")
    assert first.index(" 404 ") == heading.index(" status ")
    assert why == "     There is no managedDevice 'c0ffee00-0000-4000-8000-00000000a991'."
    assert second.split()[2:6] == ["pki", "GET", "/pki/contoso/root/crl", "200"]
    assert run.text("wire", "--last", "1").splitlines()[1:] == [second]
    assert run.text("wire", "--surface", "pki").splitlines()[1:] == [second]
    assert run.text("wire", "--status", "4xx").splitlines()[1:] == [first, why]
    assert run.text("wire", "--text", "ROOT/crl").splitlines()[1:] == [second]
    assert run.text("wire", "--surface", "push").startswith("There are no such requests. Those without a tenant,")
    assert [each["status"] for each in run.json("wire")] == [404, 200]


def test_one_request_is_shown_whole(run: Commands, graph: httpx.Client) -> None:
    graph.post("/beta/groups", json={"displayName": "A group", "securityEnabled": "yes"})
    (exchange,) = run.json("wire")
    text = run.text("wire", str(exchange["number"]))
    assert text.startswith("POST /beta/groups\n")
    for words in (
        "surface       graph\n",
        "status        400, ",
        "application   Fauxtune test client (c0ffee00-0000-4000-8000-00000000a991)\n",
        "permission    POST /groups: granted by Group.ReadWrite.All",
        "refused       ",
        "  authorization: Bearer [not shown: credential]\n",
        '"displayName": "A group"',
        "Response: ",
        '-H "Authorization: Bearer $TOKEN"',
    ):
        assert words in text, text
    assert graph.headers["authorization"].removeprefix("Bearer ") not in text
    assert run.json("wire", str(exchange["number"]))["asCurl"] in text


def test_requests_of_no_tenant_are_shown_if_asked_for(run: Commands, graph: httpx.Client) -> None:
    run.text("wire", "clear", "--no-tenant")
    assert run.text("wire", "--no-tenant") == "There are no such requests.\n"
    graph.get("/nothing")
    assert run.json("wire") == []
    (exchange,) = run.json("wire", "--no-tenant")
    assert (exchange["surface"], exchange["url"]) == ("other", "/nothing")
    assert run.text("wire", str(exchange["number"]), "--no-tenant").startswith("GET /nothing\n")


def test_requests_are_written_as_har(run: Commands, graph: httpx.Client, tmp_path: Path) -> None:
    graph.get("/pki/contoso/root/crl")
    graph.get("/pki/contoso/nothing/crl")
    file = tmp_path / "one.har"
    assert run.text("wire", "--har", file, "--status", "404") == f"1 requests are in {file}.\n"
    (entry,) = json.loads(file.read_text())["log"]["entries"]
    assert entry["response"]["status"] == 404
    assert run.json("wire", "--har", file) == {"written": str(file), "entries": 2}
    assert "cannot be written" in run.refused("wire", "--har", tmp_path / "nowhere" / "x.har")


def test_a_wrong_word_is_refused(run: Commands) -> None:
    assert "'x' is neither the number of a request" in run.refused("wire", "x")
    assert "There is no exchange 999999: the newest is" in run.refused("wire", "999999")
    assert "it is one of devices/android" in run.refused("wire", "--surface", "x")
    assert "status must be a number such as 404" in run.refused("wire", "--status", "x")
    assert "There is no device 'x'" in run.refused("wire", "--device", "x")
    assert run.run("wire", "--last", "0").code == 2


def test_a_search_that_stopped_says_how_to_go_on(run: Commands, graph: httpx.Client) -> None:
    # tests/surfaces/control/test_hostile_wire.py shows when a search stops.
    graph.get("/pki/contoso/root/crl")
    (exchange,) = run.json("wire")
    option = stop_note(exchange["number"] + 1).split(" add ")[1].removesuffix(".").split()
    assert run.json("wire", *option) == [exchange]
    assert run.json("wire", "--before", str(exchange["number"])) == []
    assert run.run("wire", "--text", "root").errors == ""


def test_a_followed_wire_ends_with_ctrl_c_and_success(run: Commands, graph: httpx.Client, commands: Path) -> None:
    graph.get("/pki/contoso/root/crl")
    command: list[str | Path] = [commands / "fauxtune", "wire", "--follow", "--surface", "pki"]
    command += ["--output", "json", "--data-dir", run.data_dir]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["url"] == "/pki/contoso/root/crl"
            graph.get("/pki/contoso/issuing/crl")
            assert json.loads(process.stdout.readline())["url"] == "/pki/contoso/issuing/crl"
            process.send_signal(signal.SIGINT)
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()


def test_a_terminal_gets_colours_and_nothing_that_a_stranger_sent(
    run: Commands, graph: httpx.Client, commands: Path
) -> None:
    graph.get(HOSTILE)
    (exchange,) = run.json("wire")
    assert "\x1b[2J" in exchange["refusal"]
    for arguments in (("wire",), ("wire", str(exchange["number"]))):
        screen = at_a_terminal(*arguments, "--data-dir", run.data_dir, commands=commands).screen
        assert "\x1b[2J" not in screen
        assert "\x1b[33m" in screen or "\x1b[1m" in screen
    assert "\x1b" not in run.text("wire")
    assert "\x1b" not in run.text("wire", str(exchange["number"]))


def test_the_request_is_printed_and_no_reading_is_recorded(run: Commands, server: Served) -> None:
    done = run.run("wire", "--tenant", "contoso", "--status", "error", "--show-request")
    assert "/_fauxtune/v1/tenants/contoso/wire?status=error&limit=100&waits=false'" in done.errors
    assert run.json("wire") == []


def test_requests_that_waited_for_news_are_hidden_until_asked_for(run: Commands, server: Served) -> None:
    with server.client() as client:
        for _ in range(2):
            client.get("/_fauxtune/v1/tenants/contoso/nothing?wait=1")  # refused: shown
        client.get("/_fauxtune/v1/tenants/contoso/journal?after=1&wait=0.01").raise_for_status()
    done = run.run("wire")
    assert "1 wait hidden; --waits shows them." in done.errors
    assert (done.output.count("/journal"), done.output.count("/nothing")) == (0, 2)
    assert "/journal" in run.text("wire", "--waits")
    assert len(run.json("wire")) == 3, "programs are given everything"


def test_a_server_that_records_nothing_says_so(tmp_path: Path, commands: Path) -> None:
    folder = tmp_path / "data"
    with serving("--data-dir", folder, "--wire-exchanges", "0", commands=commands):
        silent = Commands(folder)
        assert silent.text("wire").startswith("Nothing is recorded: the server was started with --wire-exchanges 0")
        assert "Nothing is recorded" in silent.refused("wire", "--follow")
