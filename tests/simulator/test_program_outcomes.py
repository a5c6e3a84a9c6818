"""What becomes of an app that a management agent installs, by what the owner of the device declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.agent.extension import Extension, change_app
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.outcomes import Programs
from fauxtune_sim.errors import NotAllowedHere, ServerUnreachable
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Answer, Transport


class Files(Transport):
    """A server with one file; without content it cannot be reached."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content

    async def get(self, url: str, *, bearer: str | None = None, timeout: float | None = None) -> Answer:
        if self.content is None:
            raise ServerUnreachable("no network")
        return Answer(status=200, body=self.content, url=url)


async def done(
    device: Device, action: str, *, content: bytes | None = b"file", address: str = "", script: str | None = None
) -> tuple[bool, int]:
    """Carry out an order; whether the app is detected then, and the exit code (-1: nothing was run)."""
    digest = "3b9c358f36f0a31b6ad3e14f309c7cf198ac9246e8316f9ce543d5b19ac02b80"  # SHA-256 of "file"
    order = {"id": "1", "name": "Notes", "action": action, "content": "1", "version": "2.0", "address": address}
    extension = Extension(device, Files(content), lambda _body: {}, server="https://server")
    report, line = await change_app(extension, {**order, "digest": digest, "detectionScript": script})
    assert "Notes" in line
    assert (report["id"], report["content"]) == ("1", "1")
    return report["detected"], -1 if report["exitCode"] is None else report["exitCode"]


async def test_an_app_of_which_nothing_is_declared_is_installed_and_uninstalled() -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    assert await done(pc, "detect") == (False, -1)
    assert await done(pc, "install", address="/blobs/x") == (True, 0)
    assert await done(pc, "install") == (True, -1), "what is there is not installed again"
    assert pc.programs.installed == {"1": "2.0"}
    assert await done(pc, "uninstall") == (False, 0)


async def test_declared_outcomes_decide() -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    pc.installs("NOTES", exit_code=1603)
    assert await done(pc, "install") == (False, 1603)
    pc.installs("1", exit_code=3010, after=False)
    assert await done(pc, "install") == (False, 3010), "the id counts before the name"
    pc.installs("1", before=True, after=True)
    assert await done(pc, "detect") == (True, -1)
    assert await done(pc, "uninstall") == (True, 0)
    pc.refuse("app", 1602)
    pc.installs("1")
    pc.programs.installed.clear()
    assert await done(pc, "install") == (False, 1602)


@pytest.mark.parametrize("content", [None, b"another file"])
async def test_a_file_that_cannot_be_loaded_is_not_installed(content: bytes | None) -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    there, code = await done(pc, "install", content=content, address="/blobs/x")
    assert not there
    assert code & 0xFFFFFFFF == 0x80072EE7


def test_programs_are_kept_and_outcomes_have_bounds(tmp_path: Path) -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS, folder=tmp_path)
    pc.programs.installed["1"] = "2.0"
    pc.installs("Notes", exit_code=1)
    assert load_device(tmp_path).programs == pc.programs
    assert Programs.from_document(None) == Programs()
    with pytest.raises(NotAllowedHere, match="32 bits"):
        pc.installs("Notes", exit_code=2**31)
    with pytest.raises(NotAllowedHere, match="name the app"):
        pc.installs(" ")
    for number in range(199):
        pc.installs(f"app {number}")
    with pytest.raises(NotAllowedHere, match="the most"):
        pc.installs("one more")


async def test_an_app_that_a_script_detects_is_there_if_the_script_succeeds_and_writes_something() -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    assert await done(pc, "install", script="ZQ==") == (True, 0), "nothing is declared of the script"
    pc.runs("Notes", output="found")
    assert await done(pc, "detect") == (True, -1), "no script detects it"
    assert await done(pc, "uninstall", script="ZQ==") == (True, 0)
    pc.runs("Notes", output="found", error="a warning")
    assert await done(pc, "detect", script="ZQ==") == (False, -1), "whatever it writes as an error counts"
    pc.runs("Notes", output=" ")
    assert await done(pc, "detect", script="ZQ==") == (False, -1)
    pc.runs("Notes", exit_code=1, output="found")
    assert await done(pc, "install", script="ZQ==") == (False, 0)
    pc.installs("Notes", exit_code=1603)
    assert await done(pc, "install", script="ZQ==") == (False, 1603)
