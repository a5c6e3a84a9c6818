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
from fauxtune.core.formats.json_text import Place, lines_of, pointer
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
        raise refusal([(".".join(map(str, mistake.place)) or "the seed", mistake.why) for mistake in wrong])
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
    files = {mistake.place[:2] for mistake in unread}
    wrong += [*unread, *(mistake for mistake in _wrong(named, files=True) if mistake.place[:2] not in files)]
    placed = [PlacedMistake(pointer(mistake.place), _line(lines, mistake.place), mistake.why) for mistake in wrong]
    unique = list(dict.fromkeys(placed))
    return sorted(unique, key=lambda placed_mistake: (placed_mistake.line or 0, placed_mistake.pointer))


def load_seed(path: Path) -> dict[str, Any]:
    """Return the document of a seed's file, with its PFX files in it. Raises Invalid for a file that cannot be read,
    OSError for the seed's own.
    """
    if path.stat().st_size > _MOST_OF_SEED:
        raise Invalid(f"{path} is larger than {_MOST_OF_SEED // 1024 // 1024} MiB.")
    document, unread = _inlined(json.loads(path.read_text(encoding="utf-8-sig")), path.parent)
    if unread:
        raise refusal([(pointer(mistake.place), mistake.why) for mistake in unread])
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
    places = {sense.place for sense in senses}
    return [*(shape for shape in shapes if shape.place not in places), *senses]


def _shapes(document: object) -> Iterator[Mistake]:
    try:
        FullSeed.model_validate(document)
    except ValidationError as error:
        for error_details in error.errors():
            place = _place(document, error_details["loc"])
            # What does not fit together is found by `mistakes`, with its place.
            if place or error_details["type"] != "value_error":
                yield Mistake(place, why_of(error_details))


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
