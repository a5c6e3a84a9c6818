"""The checkout that a bundle is made of: its lock file, its wheel, the Pythons that it supports, its Containerfile."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from sysconfig import get_config_var
from typing import Any

import fauxtune
from fauxtune_cli.bundle.targets import is_python, minor
from fauxtune_cli.bundle.wheels import BundleFailed

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
        versions = [each.removeprefix(_SUPPORTED) for each in self._project()["classifiers"]]
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
