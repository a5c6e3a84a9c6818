"""A simulated PC installs, shows and uninstalls the apps of the examples that the server writes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, cast

import pytest

from fauxtune_sim.errors import ServerUnreachable
from fauxtune_sim.server.transport import Answer, Transport
from fauxtune_sim.windows.apps import carry_out, has_jobs
from fauxtune_sim.windows.state import WindowsState
from fauxtune_sim.windows.syncml import server_message

FOLDER = Path(__file__).parents[2] / "wire" / "windows"
CODE = "{6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11}"
BOARD, WHITEBOARD = "Contoso.Board_8wekyb3d8bbwe", "Microsoft.Whiteboard_8wekyb3d8bbwe"


class Files:
    """A server that answers every address with one file; None: it cannot be reached."""

    def __init__(self, content: bytes | None, status: int = 200) -> None:
        self.content, self.status = content, status
        self.loaded: list[str] = []

    async def get(self, url: str) -> Answer:
        self.loaded.append(url)
        if self.content is None:
            raise ServerUnreachable("no network")
        return Answer(status=self.status, body=self.content, url=url)


async def told(desk: Any, name: str, files: Files | None = None) -> list[tuple[str, int]]:
    """Carry out an example; the statuses of its commands."""
    message = server_message((FOLDER / f"server-session-{name}.xml").read_bytes())
    answer = desk.engine.execute(message)
    if has_jobs(desk.machine):
        await carry_out(desk.machine, cast("Transport", files or Files(b"package")))
    return [(one.name, one.code) for one in answer.statuses[1:]]


def shown(desk: Any) -> dict[str, str]:
    """What the questions of the server are answered with, by the last two names of the node."""
    message = server_message((FOLDER / "server-session-app-questions.xml").read_bytes())
    answer = desk.engine.execute(message)
    return {"/".join(one.source.split("/")[-2:]): one.data for one in answer.results}


async def test_apps_are_loaded_installed_and_shown(desk: Any) -> None:
    files = Files(b"package")
    assert await told(desk, "apps", files) == [("Add", 200), ("Exec", 200)] * 3
    assert len(files.loaded) == 2, "what comes from the store has no address"
    assert files.loaded[0].endswith("/blobs/1?sig=a%2Bb&se=x")
    assert desk.machine.device.apps == {CODE: "4.2.0", BOARD: "1.0.0.0", WHITEBOARD: "1.0.0.0"}
    nodes = shown(desk)
    assert nodes["%7B6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11%7D/Status"] == "70"
    assert nodes["%7B6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11%7D/Version"] == "4.2.0"
    assert nodes[f"nonStore/{BOARD}"] == "Contoso.Board_1.0.0.0_neutral__8wekyb3d8bbwe"
    assert nodes[f"AppStore/{WHITEBOARD}"] == "Microsoft.Whiteboard_1.0.0.0_neutral__8wekyb3d8bbwe"
    stored = WindowsState.from_document(desk.machine.state.document())
    assert (stored.apps, stored.nodes) == (desk.machine.state.apps, desk.machine.state.nodes)


async def test_what_is_removed_is_gone_and_removing_it_again_is_404(desk: Any) -> None:
    await told(desk, "apps")
    assert await told(desk, "app-removals") == [("Delete", 200)] * 3
    assert desk.machine.device.apps == {}
    assert shown(desk) == {}
    assert await told(desk, "app-removals") == [("Delete", 404)] * 3


@pytest.mark.parametrize(
    ("files", "status", "error"),
    [
        (Files(b"another package"), "30", 0x80091007),
        (Files(None), "30", 0x80190194),
        (Files(b"", 403), "30", 0x80190194),
    ],
)
async def test_a_file_that_is_not_the_right_one_is_not_installed(
    desk: Any, files: Files, status: str, error: int
) -> None:
    await told(desk, "apps", files)
    assert CODE not in desk.machine.device.apps
    nodes = shown(desk)
    assert nodes["%7B6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11%7D/Status"] == status
    assert int(nodes["%7B6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11%7D/LastError"]) & 0xFFFFFFFF == error
    assert WHITEBOARD in desk.machine.device.apps


async def test_an_owner_who_refuses_apps_makes_each_job_fail(desk: Any) -> None:
    desk.machine.device.refuse("app")
    await told(desk, "apps")
    assert desk.machine.device.apps == {}
    nodes = shown(desk)
    assert nodes["%7B6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11%7D/Status"] == "60"
    assert nodes[f"{BOARD}/Status"] == "2"


def test_the_hash_in_the_example_is_that_of_the_file() -> None:
    digest = hashlib.sha256(b"package").hexdigest().upper()
    assert digest in (FOLDER / "server-session-apps.xml").read_text()
