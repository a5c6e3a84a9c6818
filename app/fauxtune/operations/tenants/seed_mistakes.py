"""What is wrong with a seed beyond its shape: names that are there twice, references that lead nowhere, files.

It reads the document as it is, so that everything is found at once, whatever else is wrong with it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune.core.administration.choices import FAMILY_TITLES, ProfileFamily
from fauxtune.core.administration.imported import certificate_of
from fauxtune.core.errors import Invalid
from fauxtune.core.faults.reading import rule_of
from fauxtune.core.model.tenants import SETTINGS

Place = tuple[str | int, ...]
_EVERYBODY = ("all users", "all devices")
_RULE = ("match", "when", "effect")


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
