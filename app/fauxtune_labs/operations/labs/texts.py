"""Where the labs are: those of the package, and those of a folder that `serve --labs` names. Those of the folder are
read at each call, so that a trainer sees at once what was changed.
"""

from __future__ import annotations

import asyncio
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.language.catalogue import Broken, Language, catalogue_of
from fauxtune.core.nearest import nearest
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune_labs.core import translation
from fauxtune_labs.core.lab import Lab
from fauxtune_labs.core.reading import LONGEST, NAME, read_lab
from fauxtune_labs.core.translation import mapped

FILE = "lab.toml"
#: The domain of the texts around labs, which are not those of one lab.
DOMAIN = "labs"
#: Labs of a folder at most.
_MOST = 200


async def lab_names(emulator: Emulator) -> list[str]:
    """Return the names of all labs, in the order in which they are taught."""
    return await asyncio.to_thread(_names, emulator.labs)


async def lab_named(emulator: Emulator, name: str, *, language: Language = Language.ENGLISH) -> Lab:
    """Return a lab; texts that are not translated are English. Raises NotFound with the nearest names, Invalid for a
    file with mistakes.
    """
    return await asyncio.to_thread(_lab, emulator.labs, name, language=language)


async def all_labs(emulator: Emulator, *, language: Language = Language.ENGLISH) -> list[Lab | Invalid]:
    """Return all labs; in the place of one whose file has mistakes the error that says so."""
    return await asyncio.to_thread(_all, emulator.labs, language=language)


def _all(folder: Path | None, *, language: Language) -> list[Lab | Invalid]:
    labs: list[Lab | Invalid] = []
    for name in _names(folder):
        try:
            labs.append(_lab(folder, name, language=language))
        except Invalid as error:
            labs.append(error)
    return labs


def _names(folder: Path | None) -> list[str]:
    own = [] if folder is None else sorted(_names_in(folder))[:_MOST]
    return [*(each for each in _order() if each not in own), *own]


@cache
def _order() -> tuple[str, ...]:
    """Return the names of the package's labs, as `order.txt` has them."""
    return tuple(_package().joinpath("order.txt").read_text(encoding="utf-8").split())


def _names_in(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if NAME.fullmatch(path.name) and (path / FILE).is_file()]
    except OSError as error:
        raise Invalid(f"The folder of labs {folder} cannot be read: {error.strerror}.", target="lab") from None


def _lab(folder: Path | None, name: str, *, language: Language) -> Lab:
    known = _names(folder)
    if name not in known:
        raise NotFound(f"There is no lab '{name[:60]}'. The nearest are: {', '.join(nearest(name, known))}.")
    if folder is not None and (folder / name / FILE).is_file():
        return _read(folder / name, name, language=language)
    return _of_package(name, language=language)


@cache
def _of_package(name: str, *, language: Language) -> Lab:
    return _read(_package().joinpath(name), name, language=language)


def _read(folder: Traversable, name: str, *, language: Language) -> Lab:
    # One character more than a file may have is enough to refuse it.
    lab = read_lab(name, _text(folder.joinpath(FILE), name, most=LONGEST + 1))
    file = folder.joinpath(f"{language}.po")
    if language is Language.ENGLISH or not file.is_file():
        return lab
    try:
        return mapped(lab, catalogue_of(language, _text(file, name, most=translation.LONGEST)).gettext)
    except Broken as error:
        raise Invalid(f"The translation {language}.po of the lab '{name}' is broken: {error}.", target="lab") from None


def _text(file: Traversable, name: str, *, most: int) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            return opened.read(most)
    except OSError as error:
        raise Invalid(f"The lab '{name}' cannot be read: {error.strerror}.", target="lab") from None
    except UnicodeDecodeError:
        raise Invalid(f"The file of the lab '{name}' is not UTF-8.", target="lab") from None


def _package() -> Traversable:
    return files("fauxtune_labs").joinpath("texts")
