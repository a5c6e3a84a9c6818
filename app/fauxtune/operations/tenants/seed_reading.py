"""Reading seeds with all parts: every mistake of shape and sense at once, and files beside the seed's own.

Mistakes of sense are names that are there twice, references that lead nowhere, files. They are looked for in the
document as it is, so that everything is found at once, whatever else is wrong with it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fauxtune.core.administration.choices import FAMILY_TITLES, ProfileFamily
from fauxtune.core.administration.imported import certificate_of
from fauxtune.core.errors import Invalid
from fauxtune.core.faults.reading import rule_of
from fauxtune.core.formats.json_text import Place, lines_of, pointer
from fauxtune.core.model.tenants import SETTINGS
from fauxtune.operations.tenants.seed_further_parts import FullSeed
from fauxtune.operations.tenants.seed_parts import refusal, why_of

#: Bytes of a PFX file, and of a seed's file, at most.
_MOST_OF_PFX, _MOST_OF_SEED = 1024 * 1024, 64 * 1024 * 1024
_EVERYBODY = ("all users", "all devices")
_RULE = ("match", "when", "effect")


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


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake, and where it is: the names of members and the numbers of elements."""

    place: Place
    why: str


def mistakes(document: object, *, files: bool = False) -> list[Mistake]:
    """Return the mistakes; `files`: PFX files are opened too, which takes a while."""
    if not isinstance(document, dict):
        return []
    return [
        *_users(document),
        *_groups(document),
        *_settings(document),
        *_connectors(document),
        *_profiles(document),
        *_assignments(document),
        *_imports(document, files=files),
        *_devices(document),
        *_faults(document),
    ]


def _users(document: Mapping[str, Any]) -> Iterator[Mistake]:
    yield from _twice(document, "users", member="userPrincipalName", what="user")


def _groups(document: Mapping[str, Any]) -> Iterator[Mistake]:
    yield from _twice(document, "groups", member="displayName", what="group")
    users = _names(document, "users", "userPrincipalName")
    for number, group in _rows(document, "groups"):
        for at, member in enumerate(_texts(group, "members")):
            if member.lower() not in users:
                why = f"the group '{group.get('displayName')}' names '{member}', who is no user of the seed"
                yield Mistake(("groups", number, "members", at), why)


def _settings(document: Mapping[str, Any]) -> Iterator[Mistake]:
    settings = document.get("settings")
    for name in settings if isinstance(settings, dict) else ():
        if name not in SETTINGS:
            yield Mistake(("settings", name), f"there is no setting '{name}'; there are {', '.join(sorted(SETTINGS))}")


def _connectors(document: Mapping[str, Any]) -> Iterator[Mistake]:
    yield from _twice(document, "connectors", member="name", what="connector")


def _profiles(document: Mapping[str, Any]) -> Iterator[Mistake]:
    yield from _twice(document, "profiles", member="name", what="profile")
    for number, profile in _rows(document, "profiles"):
        place: Place = ("profiles", number)
        yield from _targets(document, profile, place=place)
        if profile.get("graph") is not None:
            beyond = sorted(set(profile) - {"graph", "assign", "exclude"})
            if beyond:
                yield Mistake((*place, beyond[0]), "it has no effect beside graph, which is the whole profile")
            continue
        kind = profile.get("kind")
        if kind is None:
            kinds = ", ".join(ProfileFamily)
            yield Mistake((*place, "kind"), f"it is missing: {kinds}; or graph, with a body for Graph")
        if not profile.get("name"):
            yield Mistake((*place, "name"), "it is missing: a profile has a name")
        if kind == ProfileFamily.EMAIL and not profile.get("mailServer"):
            title = FAMILY_TITLES[ProfileFamily.EMAIL]
            yield Mistake((*place, "mailServer"), f"it is missing: an {title} profile names its server")
        known = _names(document, "profiles", "name")
        for member in ("signing", "encryption"):
            name = profile.get(member)
            if isinstance(name, str) and name.lower() not in known:
                yield Mistake((*place, member), f"there is no profile '{name}' in the seed")


def _assignments(document: Mapping[str, Any]) -> Iterator[Mistake]:
    known = _names(document, "profiles", "name")
    known |= {
        str(profile["graph"].get("displayName", "")).lower()
        for _, profile in _rows(document, "profiles")
        if isinstance(profile.get("graph"), dict)
    }
    for number, assignment in _rows(document, "assignments"):
        name = assignment.get("profile")
        if isinstance(name, str) and name.lower() not in known:
            yield Mistake(("assignments", number, "profile"), f"there is no profile '{name}' in the seed")
        yield from _targets(document, assignment, place=("assignments", number))


def _imports(document: Mapping[str, Any], *, files: bool) -> Iterator[Mistake]:
    for number, each in _rows(document, "imports"):
        place: Place = ("imports", number)
        yield from _user(document, each, place=place)
        pfx, file = each.get("pfx"), each.get("file")
        if file is not None:
            why = "a path is read only in a seed file that the emulator or a command opens: send the file itself as pfx"
            yield Mistake((*place, "file"), why)
        elif pfx is None:
            yield Mistake((*place, "pfx"), "it is missing: the PFX file as base64, or file with its path")
        elif isinstance(pfx, str):
            yield from _file(each, pfx, (*place, "pfx"), opened=files)


def _file(each: Mapping[str, Any], pfx: str, place: Place, *, opened: bool) -> Iterator[Mistake]:  # noqa: PLR0917
    try:
        data = base64.b64decode(pfx, validate=True)
        if opened:
            certificate_of(data, password=str(each.get("password", "")))
    except (binascii.Error, ValueError):
        yield Mistake(place, "it is not base64")
    except Invalid as error:
        yield Mistake(place, error.message)


def _devices(document: Mapping[str, Any]) -> Iterator[Mistake]:
    yield from _twice(document, "devices", member="name", what="device")
    for number, device in _rows(document, "devices"):
        yield from _user(document, device, place=("devices", number))
        if device.get("mode") is not None and device.get("platform") != "android":
            yield Mistake(("devices", number, "mode"), "only android has modes")


def _faults(document: Mapping[str, Any]) -> Iterator[Mistake]:
    for number, fault in _rows(document, "faults"):
        try:
            rule_of({name: fault[name] for name in _RULE if name in fault}, is_new=True)
        except Invalid as error:
            yield Mistake(("faults", number), error.message)


def _user(document: Mapping[str, Any], each: Mapping[str, Any], *, place: Place) -> Iterator[Mistake]:
    name = each.get("user")
    if isinstance(name, str) and name.lower() not in _names(document, "users", "userPrincipalName"):
        yield Mistake((*place, "user"), f"there is no user '{name}' in the seed")


def _targets(document: Mapping[str, Any], each: Mapping[str, Any], *, place: Place) -> Iterator[Mistake]:
    groups = _names(document, "groups", "displayName")
    for member, others in (("assign", _EVERYBODY), ("exclude", ())):
        for at, name in enumerate(_texts(each, member)):
            if name.lower() not in (*groups, *others):
                words = "; it may also be 'all users' or 'all devices'" if others else ""
                yield Mistake((*place, member, at), f"there is no group '{name}' in the seed{words}")


def _twice(document: Mapping[str, Any], part: str, *, member: str, what: str) -> Iterator[Mistake]:
    places: dict[str, list[int]] = {}
    for number, row in _rows(document, part):
        name = row.get(member)
        if isinstance(name, str):
            places.setdefault(name.lower(), []).append(number)
    for name, numbers in places.items():
        if len(numbers) > 1:
            yield Mistake((part, numbers[1], member), f"the {what} '{name}' is there {len(numbers)} times")


def _rows(document: Mapping[str, Any], part: str) -> Iterable[tuple[int, dict[str, Any]]]:
    rows = document.get(part)
    return [(at, row) for at, row in enumerate(rows if isinstance(rows, list) else ()) if isinstance(row, dict)]


def _names(document: Mapping[str, Any], part: str, member: str) -> set[str]:  # noqa: PLR0917
    return {row[member].lower() for _, row in _rows(document, part) if isinstance(row.get(member), str)}


def _texts(row: Mapping[str, Any], member: str) -> list[str]:
    values = row.get(member)
    return [value if isinstance(value, str) else "" for value in (values if isinstance(values, list) else ())]
