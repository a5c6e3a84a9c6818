"""Runs a page of docs/start as its reader would: all of its blocks by one `bash -e`, in an empty folder."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.interop import recipes
from tests.interop.recipes import HTTP, HTTPS, Block
from tests.support.running_server import environment, free_ports

PAGES = sorted((Path(__file__).parents[2] / "docs" / "start").glob("*.md"))


def run_page(page: Path, programs: Iterable[Path], *, folder: Path, **more: str) -> None:
    """Run a page in a new folder below `folder`, with these programs, curl and openssl on the PATH and no others.

    `more` is added to the environment. Raises AssertionError with what was printed if a command fails, a line that the
    page shows is not printed, or a process is left; what is left is ended.
    """
    path, empty = folder / "bin", folder / "empty"
    path.mkdir(parents=True)
    empty.mkdir()
    for program in (*programs, shutil.which("curl"), shutil.which("openssl")):
        assert program is not None, "curl and openssl are needed"
        (path / Path(program).name).symlink_to(program)
    ports = free_ports()
    blocks = recipes.blocks(page.read_text(encoding="utf-8"))
    assert {block.language for block in blocks} == {"sh"}
    script, expected = "".join(block.text for block in blocks), [line for block in blocks for line in block.expected]
    script = script.replace(HTTPS, f"https://localhost:{ports['FAUXTUNE_PORT']}")
    script = script.replace(HTTP, f"http://localhost:{ports['FAUXTUNE_HTTP_PORT']}")
    surroundings = environment(PATH=str(path), HOME=str(empty), COLUMNS="80", **ports, **more)
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-e", "-c", script],
        cwd=empty,
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
        assert _processes_of(empty) == []
    finally:
        stop: list[str | Path] = [path / "fauxtune", "serve", "--stop"]
        subprocess.run(stop, cwd=empty, env=surroundings, capture_output=True, check=False)


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
