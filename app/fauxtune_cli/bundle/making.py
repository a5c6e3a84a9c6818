"""Makes a bundle: what is in it, and in which order it comes. Each part can be made again; what is right stays."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import product
from pathlib import Path

from fauxtune_cli.bundle.lock import Pinned, to_run
from fauxtune_cli.bundle.source import Source, pip_wheel
from fauxtune_cli.bundle.targets import Target
from fauxtune_cli.bundle.wheels import BundleFailed, Report, digest, drop_damaged, fetch, missing

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
    present = sorted(each for each in folder.rglob("*") if each.is_file() and each.name != _SUMS)
    _write(folder / _SUMS, "".join(f"{digest(each)}  {each.relative_to(folder).as_posix()}\n" for each in present))
    every = [*present, folder / _SUMS]
    return len(every), sum(each.stat().st_size for each in every)


def _requirements(pinned: Iterable[Pinned], wheel: Path, *, version: str) -> str:
    own = f"{wheel.name.partition('-')[0]}=={version} \\\n    --hash=sha256:{digest(wheel)}\n"
    return "".join(f"{each.text}\n" for each in pinned) + own


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
