"""The first ten minutes, docs/start: each page by one `bash -e` in an empty folder, with hardly a program but ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop import recipes
from tests.interop.recipes import HTTP, HTTPS, Block
from tests.support.preloaded import PROGRAMS
from tests.support.running_server import environment, free_ports

START = Path(__file__).parents[2] / "docs" / "start"
PAGES = sorted(START.glob("*.md"))
pytestmark = [pytest.mark.program("openssl"), pytest.mark.program("curl")]


def _processes_of(folder: Path) -> list[str]:
    """The processes, by their command lines, that have this folder for their home."""
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"HOME={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                left.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it has ended, or is another user's
            continue
    return left


def test_there_is_a_page_for_each_kind_of_reader() -> None:
    names = ["administrator", "authority", "contract-tester", "developer", "learner", "trainer"]
    assert [page.stem for page in PAGES] == names
    for page in PAGES:
        assert len(page.read_text().splitlines()) < 100, "a screen or two"
        assert "## If it does not work" in page.read_text()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says_and_leaves_no_process(page: Path, tmp_path: Path, commands: Path) -> None:
    programs, folder = tmp_path / "bin", tmp_path / "empty"
    programs.mkdir()
    folder.mkdir()
    ours = [*(commands / name for name in PROGRAMS), Path(sys.executable).with_name("pytest")]
    for program in (*ours, shutil.which("curl"), shutil.which("openssl")):
        assert program is not None
        (programs / Path(program).name).symlink_to(program)
    ports = free_ports()
    origins = {
        HTTPS: f"https://localhost:{ports['FAUXTUNE_PORT']}",
        HTTP: f"http://localhost:{ports['FAUXTUNE_HTTP_PORT']}",
    }
    blocks = recipes.blocks(page.read_text(encoding="utf-8"))
    assert {block.language for block in blocks} == {"sh"}
    script, expected = "".join(block.text for block in blocks), [line for block in blocks for line in block.expected]
    for name, origin in origins.items():
        script = script.replace(name, origin)
    surroundings = environment(PATH=str(programs), HOME=str(folder), COLUMNS="80", **ports)
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-e", "-c", script],
        cwd=folder,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        assert expected
        assert Block(page.stem, None, "sh", script, tuple(expected)).missing(done.stdout) == [], done.stdout
        assert _processes_of(folder) == []
    finally:
        subprocess.run(
            [programs / "fauxtune", "serve", "--stop"], cwd=folder, env=surroundings, capture_output=True, check=False
        )
