"""Reading seeds with all parts: every mistake of shape and sense at once, and files beside the seed's own."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.json_places import Place, lines_of, pointer
from fauxtune.operations.tenants.seed_contents import FullSeed
from fauxtune.operations.tenants.seed_mistakes import Mistake, mistakes
from fauxtune.operations.tenants.seed_parts import refusal, why_of

#: Bytes of a PFX file, and of a seed's file, at most.
_MOST_OF_PFX, _MOST_OF_SEED = 1024 * 1024, 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PlacedMistake:
    """A mistake in a seed's file. `pointer` is a JSON pointer; `line` counts from 1, None if unknown."""

    pointer: str
    line: int | None
    why: str


def read_full(document: object) -> FullSeed:
    """Return the seed. Raises Invalid, naming every mistake; the files of imports are not opened yet."""
    wrong = _wrong(document)
    if wrong:
        raise refusal([(".".join(map(str, each.place)) or "the seed", each.why) for each in wrong])
    return FullSeed.model_validate(document)


def check_seed(text: str, *, folder: Path) -> list[PlacedMistake]:
    """Return all mistakes of a seed's file, in the order of their lines; PFX files are opened too."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        return [PlacedMistake("", error.lineno, f"it is no JSON: {error.msg}, column {error.colno}")]
    except (ValueError, RecursionError):
        return [
            PlacedMistake("", None, "it cannot be read: it is nested too deep, or a number has thousands of digits")
        ]
    lines, repeated = lines_of(text)
    wrong = [Mistake(place, "a member of this name is there already") for place in repeated]
    document, unread = _inlined(document, folder)
    named = {"name": "seeded", "domain": "seeded.example", **document} if isinstance(document, dict) else document
    files = {each.place[:2] for each in unread}
    wrong += [*unread, *(each for each in _wrong(named, files=True) if each.place[:2] not in files)]
    placed = [PlacedMistake(pointer(each.place), _line(lines, each.place), each.why) for each in wrong]
    unique = list(dict.fromkeys(placed))
    return sorted(unique, key=lambda each: (each.line or 0, each.pointer))


def load_seed(path: Path) -> dict[str, Any]:
    """Return the document of a seed's file, with its PFX files in it. Raises Invalid for a file that cannot be read,
    OSError for the seed's own.
    """
    if path.stat().st_size > _MOST_OF_SEED:
        raise Invalid(f"{path} is larger than {_MOST_OF_SEED // 1024 // 1024} MiB.")
    document, unread = _inlined(json.loads(path.read_text(encoding="utf-8-sig")), path.parent)
    if unread:
        raise refusal([(pointer(each.place), each.why) for each in unread])
    if not isinstance(document, dict):
        raise Invalid(f"A seed is a JSON object; {path} has another value.")
    return document


def _inlined(document: Any, folder: Path) -> tuple[Any, list[Mistake]]:
    """Return the document with the files of imports in it, and those that cannot be read."""
    imports = document.get("imports") if isinstance(document, dict) else None
    if not isinstance(imports, list):
        return document, []
    document, unread = deepcopy(document), []
    for number, each in enumerate(document["imports"]):
        if isinstance(each, dict) and isinstance(each.get("file"), str):
            path = folder / each.pop("file")
            try:
                each["pfx"] = base64.b64encode(_read(path)).decode()
            except (OSError, ValueError) as error:  # ValueError: a name with NUL
                why = getattr(error, "strerror", None) or str(error)
                each["pfx"] = ""
                unread.append(Mistake(("imports", number, "file"), f"{path} cannot be read: {why}"))
    return document, unread


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_MOST_OF_PFX + 1)
    if len(data) > _MOST_OF_PFX:
        raise OSError(0, f"it is larger than {_MOST_OF_PFX // 1024} KiB")
    return data


def _wrong(document: object, *, files: bool = False) -> list[Mistake]:
    senses = mistakes(document, files=files)
    shapes = list(_shapes(document))
    places = {each.place for each in senses}
    return [*(each for each in shapes if each.place not in places), *senses]


def _shapes(document: object) -> Iterator[Mistake]:
    try:
        FullSeed.model_validate(document)
    except ValidationError as error:
        for each in error.errors():
            place = _place(document, each["loc"])
            # What does not fit together is found by `mistakes`, with its place.
            if place or each["type"] != "value_error":
                yield Mistake(place, why_of(each))


def _place(document: Any, loc: tuple[str | int, ...]) -> Place:
    """Return a place of pydantic's without the names of the alternatives of a type."""
    place: list[str | int] = []
    for part in loc:
        if isinstance(document, dict):
            place.append(part)
            document = document.get(part)
        elif isinstance(document, list) and isinstance(part, int):
            place.append(part)
            document = document[part] if part < len(document) else None
        else:
            break
    return tuple(place)


def _line(lines: dict[Place, int], place: Place) -> int | None:
    """Return the line of a place, or of what it is missing from."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place)
