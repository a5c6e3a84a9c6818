"""The effects of faults, which `effects.txt` describes: where each acts, its members, what it means, its document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cache

from fauxtune.core.faults.rule import Effect, Kind, Match
from fauxtune.core.model.text import JsonObject
from fauxtune.core.tables import Line, table


class Room(StrEnum):
    """Where an effect acts."""

    REQUEST = "a request to any surface but the control surface"
    GRAPH = "a request to Graph"
    TOKEN = "a request to the token endpoint"  # noqa: S105 - a word
    CONNECTOR = "a connector's work for a device"
    CRL = "a request for a CRL"
    NETWORK = "what devices and connectors send to Intune"
    DEVICE = "a device's conversation with the server"


@dataclass(frozen=True, slots=True)
class Described:
    """An effect for people: its meaning, an example, and its source. `members`: those that it may have beside `kind`;
    `needs`: those of which it must have one; `match`: the members of a match that can hold for it.
    """

    room: Room
    meaning: str
    example: JsonObject
    source: str
    members: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    match: frozenset[str] = field(default_factory=frozenset)


#: Statuses that a request can be answered with, and the code of Graph's envelope: the directory's, Intune's.
STATUSES: dict[int, tuple[str, str]] = {
    401: ("InvalidAuthenticationToken", "InvalidAuthenticationToken"),
    403: ("ApprovalRequired", "ApprovalRequired"),
    404: ("Request_ResourceNotFound", "ResourceNotFound"),
    412: ("PreconditionFailed", "PreconditionFailed"),
    429: ("TooManyRequests", "TooManyRequests"),
    500: ("InternalServerError", "InternalServerError"),
    502: ("BadGateway", "BadGateway"),
    503: ("ServiceUnavailable", "ServiceUnavailable"),
    504: ("GatewayTimeout", "GatewayTimeout"),
}

#: The surfaces that a match can name.
SURFACES = (
    "graph",
    "graph/batch",
    "identity",
    "pki",
    "ndes",
    "push",
    "connector",
    "devices",
    "devices/android",
    "devices/apple",
    "devices/windows",
    "devices/agent",
)

#: An error of the token endpoint: RFC 6749's word, AADSTS's number, the status, and Entra ID's sentence.
TokenError = tuple[str, int, int, str]
_ROOMS = {room.name.lower(): room for room in Room}
_OCCASIONS = tuple(member.name for member in fields(Match))
_MEMBERS = tuple(re.sub("_([a-z])", lambda letter: letter[1].upper(), member.name) for member in fields(Effect))


def effects() -> Mapping[Kind, Described]:
    """Return the effects. Read with the first fault."""
    return _table()[0]


def token_errors() -> Mapping[str, TokenError]:
    """Return the errors of the token endpoint, by their names in rules."""
    return _table()[1]


@cache
def _table() -> tuple[Mapping[Kind, Described], Mapping[str, TokenError]]:
    return read_effects(table(__package__ or "", "effects.txt"))


def read_effects(lines: Iterable[Line]) -> tuple[Mapping[Kind, Described], Mapping[str, TokenError]]:
    """Return the effects of a table, and the errors of tokens. Raises Mistake."""
    described: dict[Kind, Described] = {}
    errors: dict[str, TokenError] = {}
    occasions: dict[str, frozenset[str]] = {}
    for line in lines:
        match line.known(line.first, ("occasions", "token-error", "effect"), what="kind of line"):
            case "occasions":
                line.only()
                name, *members = line.after_first("NAME MEMBER...")
                occasions[name] = _members(line, members)
            case "token-error":
                line.only()
                name, word, number, status, text = line.after_first("NAME ERROR NUMBER STATUS TEXT")
                errors[name] = word, line.whole(number), line.whole(status), text
            case _:
                kind, effect = _effect(line, occasions)
                described[kind] = replace(effect, meaning=effect.meaning.replace("{errors}", ", ".join(errors)))
    return described, errors


def _effect(line: Line, occasions: Mapping[str, frozenset[str]]) -> tuple[Kind, Described]:
    line.only("in", "members", "needs", "match", below=True)
    word, *example = line.after_first("KIND [EXAMPLE]")
    kind = Kind(line.known(word, list(Kind), what="kind of effect"))
    texts = line.texts("means", "by")
    named = line.options.get("match", "")
    return kind, Described(
        _ROOMS[line.known(line.options.get("in", ""), _ROOMS, what="place")],
        texts["means"],
        line.values[-1] if example else {"kind": kind.value},
        texts["by"],
        members=tuple(line.known(name, _MEMBERS, what="member") for name in line.listed("members")),
        needs=tuple(line.known(name, _MEMBERS, what="member") for name in line.listed("needs")),
        match=occasions[named] if named in occasions else _members(line, line.listed("match")),
    )


def _members(line: Line, words: Iterable[str]) -> frozenset[str]:
    return frozenset(line.known(word, _OCCASIONS, what="member of a match") for word in words)
