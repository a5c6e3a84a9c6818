"""The wheel is whole: unpacked anywhere, it migrates a database and says what it can do."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from fauxtune.storage.tables import metadata
from tests.support.running_server import SECONDS, environment

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=SECONDS)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(unpacked: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command of the unpacked wheel, from a folder that has nothing of the project."""
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from fauxtune.cli.main import app; app()"
    command = [sys.executable, "-c", code, str(unpacked), *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=unpacked.parent,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_it_holds_three_packages_and_no_tests(unpacked: Path) -> None:
    folders = {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")}
    assert folders == {"fauxtune", "fauxtune_sim", "fauxtune_migrations"}


def test_it_migrates_a_database(unpacked: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    done = run(unpacked, "db", "upgrade", "--database-url", url)
    assert done.returncode == 0, done.stderr
    engine = create_engine(url)
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_its_code_is_what_ran(unpacked: Path) -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import fauxtune; print(fauxtune.__file__)"
    command = [sys.executable, "-c", code, str(unpacked)]
    stdout = subprocess.run(command, cwd=unpacked, check=True, capture_output=True, text=True).stdout
    assert Path(stdout.strip()).is_relative_to(unpacked)
