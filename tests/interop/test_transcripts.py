"""Devices made of curl and openssl, as docs/devices.md tells: every command is run, and prints what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop import transcripts
from tests.support.running_server import serving

PAGE = (Path(__file__).parents[2] / "docs" / "devices.md").read_text(encoding="utf-8")

pytestmark = [pytest.mark.program("openssl"), pytest.mark.program("curl")]


@pytest.mark.parametrize("title", transcripts.titles(PAGE))
def test_the_commands_of_the_page_print_what_stands_there(title: str, tmp_path: Path, commands: Path) -> None:
    with serving("--ephemeral", commands=commands) as server:
        printed = transcripts.replay(PAGE, title, server=server, folder=tmp_path)
    for step, now in zip(transcripts.steps(PAGE, title), printed, strict=True):
        assert now == step.printed, f"`make transcripts` writes it anew:\n{step.commands}"


def test_the_page_has_a_device_of_each_platform_from_its_token_to_its_end() -> None:
    assert transcripts.titles(PAGE) == ["Android", "Apple", "Windows"]
    for title in transcripts.titles(PAGE):
        commands = "".join(step.commands for step in transcripts.steps(PAGE, title))
        for word in ("$(token)", "cms -decrypt" if title != "Windows" else '"cms", "-decrypt"', "/retire", "push"):
            assert word in commands, (title, word)


def test_what_is_written_into_a_page_is_what_is_read_from_it() -> None:
    first, then = "## First\n\n```sh\nx=1\n```\n", "## Then\n\n```sh\necho $x\n```\n\n```text\nold\n```\n"
    page = f"# Page\n\n{first}\n{then}\nWords.\n\n```sh\n:\n```\n"
    new = transcripts.written(page, "Then", printed=['{"x": 1}\n', ""])
    assert [step.printed for step in transcripts.steps(new, "Then")] == ['{"x": 1}\n', ""]
    assert new == page.replace("```text\nold\n", '```json\n{"x": 1}\n')
