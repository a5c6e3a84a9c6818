"""`fauxtune bundle`: a folder from which a room without internet installs Fauxtune.

It is made of a checkout: its lock file, its wheel, the Pythons that it supports, its Containerfile. Each part can be
made again; what is right stays.
"""

from __future__ import annotations

import errno
import json
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import product
from pathlib import Path
from sysconfig import get_config_var
from typing import Any

import click

import fauxtune
from fauxtune_cli.bundle.wheels import (
    PLATFORMS,
    USUAL,
    BundleFailed,
    Pinned,
    Report,
    Target,
    digest,
    drop_damaged,
    fetch,
    is_python,
    minor,
    missing,
    to_run,
)
from fauxtune_cli.options import PATH, Output, emit, fail, output_option

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


@click.command()
@click.argument("folder", type=PATH, metavar="DIR", help="the folder to make, or to go on with")
@click.option("--python", multiple=True, metavar="VERSION", help="only for this Python, such as 3.12 (repeatable)")
@click.option(
    "--platform",
    multiple=True,
    metavar="PLATFORM",
    help="only for linux-x86_64, linux-aarch64 or macos-arm64 (repeatable)",
)
@click.option("--image", is_flag=True, help="the container image as a file, in place of packages")
@output_option
def bundle(*, folder: Path, python: tuple[str, ...], platform: tuple[str, ...], image: bool, output: Output) -> None:
    """Put all that an installation needs into a folder, for a room without internet.

    The packages of Fauxtune and of everything that requirements.lock pins, for Linux (also Windows, in WSL) and
    macOS, with a script that installs them offline, and instructions. pip downloads them as you have configured it.
    What is there already is not downloaded again.

    \b
    fauxtune bundle stick
    fauxtune bundle stick --platform linux-x86_64 --python 3.12
    fauxtune bundle stick --image
    """
    if not set(platform) <= set(PLATFORMS):
        raise click.BadParameter(f"--platform is one of {', '.join(PLATFORMS)}")
    if not all(map(is_python, python)):
        raise click.BadParameter("--python is a version such as 3.12")
    if image and (python or platform):
        raise click.BadParameter("--image has one Python, for this machine's processor: leave out --python, --platform")
    try:
        document = _made(folder, platforms=platform or USUAL, pythons=python, image=image)
    except BundleFailed as failure:
        fail(str(failure))
    except OSError as error:
        if error.errno in _NO_ROOM:
            fail("The disk is full. Make room, and run the same command again: it goes on where it ended.")
        fail(f"{error.filename or folder} cannot be written: {error.strerror}.")
    count, size = document["files"], document["bytes"] / 1e6
    text = f"{folder}: {count} files, {size:.1f} MB. {folder / 'README.md'} says how to install from it."
    emit(output, document, text=text)


def _made(folder: Path, *, platforms: Sequence[str], pythons: Sequence[str], image: bool) -> dict[str, Any]:
    """Make a bundle, or a part of it, and describe it. Raises BundleFailed."""
    source = own_source()
    supported = source.pythons()
    if any(minor(python) < minor(supported[0]) for python in pythons):
        raise BundleFailed(f"Fauxtune needs Python {supported[0]} or later.")
    if image:
        contents = add_image(folder, source)
    else:
        contents = add_wheels(folder, source, platforms=platforms, pythons=pythons or supported, report=_report)
    count, size = finish(folder, contents)
    return {"folder": str(folder.absolute()), "files": count, "bytes": size, **contents.document()}


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


_LOCK, _PROJECT = "requirements.lock", "pyproject.toml"
_SUPPORTED = "Programming Language :: Python :: "


@dataclass(frozen=True, slots=True)
class Source:
    """A checkout."""

    folder: Path

    def lock(self) -> str:
        """Return the lock file."""
        return (self.folder / _LOCK).read_text(encoding="utf-8")

    def version(self) -> str:
        """Return the version of the project."""
        return str(self._project()["version"])

    def pythons(self) -> list[str]:
        """Return the versions of Python that the project supports, as its classifiers say, the oldest first."""
        versions = [classifier.removeprefix(_SUPPORTED) for classifier in self._project()["classifiers"]]
        return sorted(filter(is_python, versions), key=minor)

    def build(self, folder: Path) -> Path:
        """Build the project's wheel in a folder, in the place of an earlier one, and return it. Raises BundleFailed."""
        own = f"{str(self._project()['name']).replace('-', '_')}-*.whl"
        for earlier in folder.glob(own):
            earlier.unlink()
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise BundleFailed(f"The wheel of {self.folder} cannot be built: {done.stderr.strip()[-500:]}")
        return next(folder.glob(own))

    def _project(self) -> dict[str, Any]:
        project: dict[str, Any] = tomllib.loads((self.folder / _PROJECT).read_text(encoding="utf-8"))["project"]
        return project


def own_source() -> Source:
    """Return the checkout that this program runs from. Raises BundleFailed for an installed one."""
    folder = Path(fauxtune.__file__).resolve().parents[2]
    if not all((folder / name).is_file() for name in (_LOCK, _PROJECT)):
        raise BundleFailed(
            "A bundle is made from a checkout, which has requirements.lock; this Fauxtune was installed without one. "
            "git clone, make install, .venv/bin/fauxtune bundle DIR."
        )
    return Source(folder)


def pip_wheel() -> Path:
    """Return pip as a wheel: Python brings it, so that new environments have it. In the room it installs without an
    environment that has pip: Debian's Python makes none unless python3-venv is installed. Raises BundleFailed.
    """
    elsewhere = get_config_var("WHEEL_PKG_DIR")
    folders = [Path(str(files("ensurepip"))) / "_bundled", *([Path(elsewhere)] if elsewhere else [])]
    known = [file for folder in folders for file in sorted(folder.glob("pip-*.whl"))]
    if not known:
        raise BundleFailed("This Python does not bring pip: install its venv module (Debian: python3-venv).")
    return known[-1]


WHEELS, IMAGE, ABOUT = "wheels", "fauxtune-image.tar", "bundle.json"
_REQUIREMENTS, _SUMS, _README, _SCRIPT = "requirements.txt", "SHA256SUMS", "README.md", "install.sh"
_ENGINES = ("docker", "podman")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a folder has: for which platforms and Pythons it has wheels; whether it has the image, and for which
    processor.
    """

    version: str
    platforms: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    image: str | None = None

    def document(self) -> dict[str, object]:
        """Return it as the file in the folder has it."""
        return {
            "version": self.version,
            "platforms": [*self.platforms],
            "pythons": [*self.pythons],
            "image": self.image,
        }


def opened(folder: Path, *, version: str) -> Contents:
    """Return what a bundle has already, or begin one. Raises BundleFailed for a folder with other things in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        present = any(folder.iterdir())
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8")) if (folder / ABOUT).is_file() else None
    except FileExistsError:
        raise BundleFailed(f"{folder} is a file: name a folder.") from None
    except ValueError:
        raise BundleFailed(f"{folder / ABOUT} cannot be read. Delete the folder, or name another one.") from None
    if about is None:
        if present:
            raise BundleFailed(f"{folder} is not empty, and no bundle: name another folder.")
        return Contents(version)
    if about.get("version") != version:
        return Contents(version)  # its wheels stay as far as they are pinned still
    return Contents(version, tuple(about["platforms"]), tuple(about["pythons"]), about["image"])


def add_wheels(
    folder: Path, source: Source, *, platforms: Sequence[str], pythons: Sequence[str], report: Report
) -> Contents:
    """Put the wheels of these platforms and Pythons into a bundle, and take out others. Raises BundleFailed."""
    before, pinned, wheels = opened(folder, version=source.version()), to_run(source.lock()), folder / WHEELS
    contents = Contents(before.version, tuple(platforms), tuple(pythons), before.image)
    # First: a bundle that is interrupted is known as one, and goes on.
    _write(folder / ABOUT, json.dumps(contents.document(), indent=2) + "\n")
    wheels.mkdir(exist_ok=True)
    drop_damaged(pinned, folder=wheels)
    targets = [Target(*each) for each in product(platforms, pythons)]
    for target in targets:
        fetch(missing(pinned, target, folder=wheels), target, folder=wheels, report=report)
    for file in wheels.glob("*.whl"):
        if not any(target.runs(file.name) for target in targets):
            file.unlink()
    _write(folder / _REQUIREMENTS, _requirements(pinned, source.build(wheels), version=source.version()))
    pip = pip_wheel()
    for other in folder.glob("pip-*.whl"):
        other.unlink()
    shutil.copyfile(pip, folder / pip.name)
    script = _text(_SCRIPT, contents, PIP=pip.name)
    _write(folder / _SCRIPT, script)
    (folder / _SCRIPT).chmod(0o755)
    return contents


def add_image(folder: Path, source: Source) -> Contents:
    """Build the container image and put it into a bundle. Raises BundleFailed."""
    before, engine = opened(folder, version=source.version()), next(filter(shutil.which, _ENGINES), None)
    if engine is None:
        raise BundleFailed(f"Neither {' nor '.join(_ENGINES)} is on the PATH, which build an image. Leave out --image.")
    contents = Contents(before.version, before.platforms, before.pythons, platform.machine())
    _write(folder / ABOUT, json.dumps(contents.document(), indent=2) + "\n")
    name, coming = _image_name(contents), folder / f".{IMAGE}"
    for words in (("build", "-f", "Containerfile", "-t", name, "."), ("save", "-o", str(coming.absolute()), name)):
        # What the engine prints is the progress, which is no result.
        done = subprocess.run([engine, *words], cwd=source.folder, stdout=2, check=False)  # noqa: S603
        if done.returncode != 0:
            coming.unlink(missing_ok=True)
            raise BundleFailed(f"{engine} {words[0]} failed (exit code {done.returncode}); above it says why.")
    coming.replace(folder / IMAGE)
    return contents


def finish(folder: Path, contents: Contents) -> tuple[int, int]:
    """Write what a bundle says of itself; return the number of its files and their bytes."""
    parts = ["head", *(["wheels"] if contents.platforms else []), *(["image"] if contents.image else [])]
    parts += ["foot"] if contents.platforms else []
    _write(folder / _README, "".join(_text(f"{part}.md", contents) for part in parts))
    present = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _SUMS)
    _write(folder / _SUMS, "".join(f"{digest(file)}  {file.relative_to(folder).as_posix()}\n" for file in present))
    every = [*present, folder / _SUMS]
    return len(every), sum(file.stat().st_size for file in every)


def _requirements(pinned: Iterable[Pinned], wheel: Path, *, version: str) -> str:
    own = f"{wheel.name.partition('-')[0]}=={version} \\\n    --hash=sha256:{digest(wheel)}\n"
    return "".join(f"{package.text}\n" for package in pinned) + own


def _image_name(contents: Contents) -> str:
    return f"fauxtune:{contents.version}"


def _text(name: str, contents: Contents, **more: str) -> str:
    """Return a text of this package with its places filled in."""
    text = files(__package__ or "").joinpath(name).read_text("utf-8")
    # The newest Python first: the script takes the first that the machine has.
    places: Mapping[str, str] = {
        "VERSION": contents.version,
        "PLATFORMS": " ".join(contents.platforms),
        "PYTHONS": " ".join(reversed(contents.pythons)),
        "IMAGE": IMAGE,
        "PROCESSOR": contents.image or "",
        "NAME": _image_name(contents),
        **more,
    }
    for place, value in places.items():
        text = text.replace(f"@{place}@", value)
    return text


def _write(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    coming = file.with_name(f".{file.name}.new")
    coming.write_text(text, encoding="utf-8")
    coming.replace(file)
