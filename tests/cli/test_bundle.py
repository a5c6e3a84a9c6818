"""`fauxtune bundle`: made from a small checkout and a folder as index, then installed with nothing else at hand."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fauxtune_cli.bundle import bundle as source
from fauxtune_cli.bundle.bundle import Source
from fauxtune_cli.bundle.wheels import PLATFORMS, Target, to_run
from tests.support.commands import Commands, Done

ROOT = Path(__file__).parents[2]
HERE = f"linux-{platform.machine()}"
PYTHON = f"3.{sys.version_info.minor}"
NATIVE = f"native-2.0-cp3{sys.version_info.minor}-cp3{sys.version_info.minor}-manylinux_2_17_{platform.machine()}.whl"
PURE = "pure_thing-1.0-py3-none-any.whl"
PROJECT = f"""
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "fauxtune"
version = "9.9"
requires-python = ">=3.11"
classifiers = ["Programming Language :: Python :: {PYTHON}", "Programming Language :: Python :: 3 :: Only"]
dependencies = ["pure-thing", "native", "of-windows; sys_platform == 'win32'"]
[project.scripts]
fauxtune = "pretended:main"
"""


def _wheel(folder: Path, name: str, *, content: str = "") -> str:
    """Write a wheel with one module, and return its hash."""
    distribution, version, python, abi, system = name.removesuffix(".whl").split("-")
    about = f"{distribution}-{version}.dist-info"
    files = {
        f"{distribution}.py": content,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {python}-{abi}-{system}\n",
    }
    record = "".join(f"{each},sha256={_record(text)},{len(text)}\n" for each, text in files.items())
    with zipfile.ZipFile(folder / name, "w") as archive:
        for each, text in {**files, f"{about}/RECORD": f"{record}{about}/RECORD,,\n"}.items():
            archive.writestr(each, text)
    return hashlib.sha256((folder / name).read_bytes()).hexdigest()


def _record(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def checkout(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project: a pure and a native package, one of Windows, and one that only builds."""
    folder = tmp_path / "checkout"
    (folder / "pretended").mkdir(parents=True)
    (folder / "pretended" / "__init__.py").write_text(
        "import native, pure_thing\ndef main():\n    print('pretended', native.__name__, pure_thing.__name__)\n"
    )
    (folder / "pyproject.toml").write_text(
        f'{PROJECT}[tool.hatch.build.targets.wheel]\npackages = ["pretended"]\n', encoding="utf-8"
    )
    pure, native, missing = _wheel(index, PURE), _wheel(index, NATIVE), "0" * 64
    (folder / "requirements.lock").write_text(
        f"# made by hand\npure-thing==1.0 \\\n    --hash=sha256:{missing} \\\n    --hash=sha256:{pure}\n    # via\n"
        f"    #   fauxtune (pyproject.toml)\n    #   native\nnative==2.0 \\\n    --hash=sha256:{native}\n"
        f"    # via fauxtune (pyproject.toml)\nof-windows==1 ; sys_platform == 'win32' \\\n"
        f"    --hash=sha256:{missing}\n    # via native\nbuilder==3 \\\n"
        f"    --hash=sha256:{missing}\n    # via fauxtune (pyproject.toml:build)\n"
        f"of-builder==3 \\\n    --hash=sha256:{missing}\n    # via builder\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(source, "own_source", lambda: Source(folder))
    return folder


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path / "data")


def _bundle(commands: Commands, folder: Path, *more: str) -> Done:
    return commands.run("bundle", folder, "--platform", HERE, *more)


def _install(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    # No index, no proxy, no configuration: what the script does not bring is not there.
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "PIP_INDEX_URL": "http://127.0.0.1:9"}
    command = [str(folder / "install.sh"), str(target)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def _contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_it_is_installed_without_a_network_and_goes_on_where_it_ended(
    commands: Commands, checkout: Path, index: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "a stick"
    done = _bundle(commands, stick, "--output", "json")
    assert done.code == 0, done.errors
    document = json.loads(done.output)
    assert document == {
        "folder": str(stick),
        "files": len(list(stick.rglob("*.*"))) + 1,
        "bytes": sum(path.stat().st_size for path in stick.rglob("*") if path.is_file()),
        "version": "9.9",
        "platforms": [HERE],
        "pythons": [PYTHON],
        "image": None,
    }
    assert done.errors.count("\n") == 2
    assert {path.name for path in (stick / "wheels").iterdir()} == {PURE, NATIVE, "fauxtune-9.9-py3-none-any.whl"}
    assert "builder" not in (stick / "requirements.txt").read_text()
    sums = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=stick, capture_output=True, text=True, check=False)
    assert sums.returncode == 0, sums.stdout
    what_was_installed = _contents(stick)
    installed = _install(stick, tmp_path / "environment")
    assert installed.returncode == 0, installed.stderr
    assert "pretended native pure_thing" in installed.stdout
    assert "is there already" in _install(stick, tmp_path / "environment").stderr

    # A second run fetches nothing; a file that was cut off is fetched again.
    (index / PURE).rename(index / "elsewhere")
    again = _bundle(commands, stick)
    assert (again.code, again.errors) == (0, "")
    (index / "elsewhere").rename(index / PURE)
    (stick / "wheels" / PURE).write_bytes(b"half")
    assert PURE in _bundle(commands, stick).errors
    assert _contents(stick) == what_was_installed


def test_a_file_that_was_changed_on_the_way_is_not_installed(
    commands: Commands, checkout: Path, tmp_path: Path
) -> None:
    assert _bundle(commands, tmp_path / "stick").code == 0
    _wheel(tmp_path / "stick" / "wheels", PURE, content="print('not what was pinned')")
    installed = _install(tmp_path / "stick", tmp_path / "environment")
    assert installed.returncode != 0
    assert "DO NOT MATCH THE HASHES" in installed.stderr


def test_a_folder_with_other_things_is_left_alone(commands: Commands, checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.jpg").touch()
    assert "is not empty, and no bundle" in commands.refused("bundle", folder)
    assert "is a file" in commands.refused("bundle", folder / "cat.jpg")
    assert [path.name for path in folder.iterdir()] == ["cat.jpg"]
    assert "cannot be written" in commands.refused("bundle", "/proc/nowhere")


def test_what_does_not_come_is_named_with_the_reason(
    commands: Commands, checkout: Path, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = commands.run("bundle", tmp_path / "stick", "--platform", "macos-arm64")
    assert (done.code, done.output) == (1, "")
    assert "no file of native 2.0 for macos-arm64" in done.errors
    _wheel(index, PURE, content="another")
    assert "other files of pure-thing 1.0 than requirements.lock pins" in _bundle(commands, tmp_path / "second").errors
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    unreached = _bundle(commands, tmp_path / "third")
    assert "The package index cannot be reached" in unreached.errors
    assert (tmp_path / "third" / "bundle.json").exists()
    assert not list((tmp_path / "third" / "wheels").iterdir())


def test_a_full_disk_is_named(
    commands: Commands, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    assert "The disk is full." in _bundle(commands, tmp_path / "stick").errors


def test_options_that_mean_nothing_are_refused(commands: Commands, checkout: Path, tmp_path: Path) -> None:
    for words, reason in (
        (("--platform", "windows"), "linux-x86_64"),
        (("--python", "three"), "such as 3.12"),
        (("--image", "--python", "3.12"), "leave out"),
    ):
        done = commands.run("bundle", tmp_path / "stick", *words)
        assert (done.code, reason in done.errors) == (2, True), words
    assert "needs Python" in commands.refused("bundle", tmp_path / "stick", "--python", "3.8")


def test_the_image_is_a_file_of_the_bundle(
    commands: Commands, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert "Neither docker nor podman" in commands.refused("bundle", tmp_path / "stick", "--image")
    engine = tmp_path / "bin" / "podman"
    engine.write_text('#!/bin/sh\necho "$@" >> engine.log\n[ "$1" != save ] || echo image > "$3"\n')
    engine.chmod(0o755)
    done = commands.json("bundle", tmp_path / "stick", "--image")
    assert (done["image"], done["platforms"]) == (platform.machine(), [])
    assert (tmp_path / "stick" / "fauxtune-image.tar").read_text() == "image\n"
    first, second = (checkout / "engine.log").read_text().splitlines()
    assert first == "build -f Containerfile -t fauxtune:9.9 ."
    assert second.startswith("save -o ")
    assert "docker load -i fauxtune-image.tar" in (tmp_path / "stick" / "README.md").read_text()
    engine.write_text("#!/bin/sh\nexit 3\n")
    assert "podman build failed (exit code 3)" in commands.run("bundle", tmp_path / "stick", "--image").errors


def test_the_lock_file_has_what_is_needed_and_no_marker_on_which_systems_of_a_bundle_disagree() -> None:
    pinned = to_run(Source(ROOT).lock())
    names = {package.name for package in pinned}
    assert {"cryptography", "uvloop", "markupsafe", "cffi"} <= names
    assert not names & {"hatchling", "editables", "trove-classifiers", "colorama", "tzdata"}
    assert all(package.hashes for package in pinned)
    # pip takes markers as its own Python sees them, not as the target does.
    variables = {
        word
        for package in pinned
        for word in re.findall(r"[a-z_]*(?:python|platform|implementation)\w*", package.marker)
    }
    assert variables <= {"sys_platform", "implementation_name", "platform_python_implementation"}


@pytest.mark.parametrize(
    ("wheel", "runs"),
    [
        ("a-1-py3-none-any.whl", True),
        ("a-1-py2.py3-none-any.whl", True),
        ("a-1-py312-none-any.whl", True),
        ("a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", True),
        ("a-1-cp39-abi3-manylinux_2_28_x86_64.whl", True),
        ("a-1-1build-cp312-cp312-manylinux1_x86_64.whl", True),
        ("a-1-cp313-abi3-manylinux_2_28_x86_64.whl", False),
        ("a-1-cp311-cp311-manylinux_2_17_x86_64.whl", False),
        ("a-1-cp312-cp312t-manylinux_2_17_x86_64.whl", False),
        ("a-1-cp312-cp312-manylinux_2_34_x86_64.whl", False),
        ("a-1-cp312-cp312-musllinux_1_2_x86_64.whl", False),
        ("a-1-cp312-cp312-manylinux_2_17_aarch64.whl", False),
        ("a-1-py2-none-any.whl", False),
        ("a-1-pp311-pypy311_pp73-manylinux_2_17_x86_64.whl", False),
    ],
)
def test_what_runs_on_a_linux_with_python_312(wheel: str, runs: bool) -> None:
    assert Target("linux-x86_64", "3.12").runs(wheel) is runs


def test_what_runs_on_a_mac() -> None:
    silicon, intel = Target("macos-arm64", "3.13"), Target("macos-x86_64", "3.13")
    for wheel, runs in (
        ("a-1-cp313-cp313-macosx_11_0_arm64.whl", (True, False)),
        ("a-1-cp313-cp313-macosx_10_13_x86_64.whl", (False, True)),
        ("a-1-cp313-cp313-macosx_10_9_universal2.whl", (True, True)),
        ("a-1-cp313-cp313-macosx_11_0_universal2.whl", (True, True)),
        ("a-1-cp313-cp313-macosx_14_0_arm64.whl", (False, False)),
    ):
        assert (silicon.runs(wheel), intel.runs(wheel)) == runs, wheel
    assert len({tag for name in PLATFORMS for tag in Target(name, "3.13").tags}) > 50
