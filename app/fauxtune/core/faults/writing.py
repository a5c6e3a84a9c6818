"""A rule as JSON, with what is strange about it; and a rule in words, for lists of the console and the commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.faults.effects import Room, effects
from fauxtune.core.faults.reading import LIMITS_MEMBERS, MEMBERS, PLAIN, WHICH
from fauxtune.core.faults.rule import HIDING, Effect, Kind, Latency, Limits, Rule, When
from fauxtune.core.model.network import is_known
from fauxtune.core.model.text import JsonObject

#: The surfaces whose requests an effect of a room can strike; for the others a surface has no meaning.
_SURFACES = {Room.GRAPH: "graph", Room.TOKEN: "identity"}
#: Where paths of other surfaces than Graph begin, or what they have.
_OTHERS = ("/mdm/", "/pki/", "/push/", "/connector/", "/enrollmentserver/", "/managementserver/")
_IDENTITY = ("/oauth2/", "/v2.0/", "/discovery/", "/userrealm/")


def rule_document(rule: Rule) -> JsonObject:
    """Return the rule as JSON."""
    return {"match": rule.match.given(), "when": _when(rule.when), "effect": effect_document(rule.effect)}


def effect_document(effect: Effect) -> JsonObject:
    """Return the effect as JSON."""
    document: JsonObject = {} if effect.kind in PLAIN else {"kind": effect.kind.value}
    for name in effects()[effect.kind].members:
        value = getattr(effect, MEMBERS[name][1])
        if value is not None and value is not False and value != ():
            document[name] = _written(value)
    return document


def warnings(rule: Rule, *, is_served: Callable[[str, str | None], bool], keeps_past: bool = True) -> list[str]:
    """Say why a rule can never strike, or not always. `is_served`: whether Graph has a route for the path, with this
    method if one is given; `keeps_past`: whether the database can be read as it was before a change.
    """
    described, given = effects()[rule.effect.kind], rule.match.given()
    what = f"the status {rule.effect.status}" if rule.effect.kind is Kind.STATUS else str(rule.effect.kind)
    sentences = [
        f"match.{name} has no meaning for {what}, which acts on {described.room}: the rule never strikes"
        for name in given
        if name not in described.match
    ]
    surface, path, method = given.get("surface"), given.get("path"), given.get("method")
    right = _SURFACES.get(described.room)
    if (
        right is not None
        and surface is not None
        and surface.partition("/")[0] != right
        and "surface" in described.match
    ):
        sentences.append(f"{what} acts on {described.room}, not on {surface}: the rule never strikes")
    elif path is not None and _is_graphs(surface, path) and not is_served(path, method):
        sentences.append(
            f"nothing is served at {f'{method} ' if method else ''}{path}: the rule never strikes. Paths are written "
            "without a version, such as /deviceManagement/managedDevices/{id}"
        )
    if rule.effect.kind in HIDING and not keeps_past:
        sentences.append(
            "the database is in memory: a read that nobody had asked before the change shows the change at once"
        )
    unknown = [host for host in rule.effect.hosts if not is_known(host)]
    if unknown:
        whose = "nothing here stands for" if len(unknown) == len(rule.effect.hosts) else "only for the others: not for"
        sentences.append(f"{whose} {', '.join(unknown)}: `fauxtune connector endpoints` lists the hosts of devices")
    return sentences


def _is_graphs(surface: str | None, path: str) -> bool:
    """Whether the path is one of Graph that names a single route."""
    if surface not in (None, "graph", "graph/batch") or path.endswith("/*"):
        return False
    folded = f"{path.lower()}/"
    is_other = folded.startswith(_OTHERS) or any(part in folded for part in _IDENTITY)
    return surface is not None or not is_other


def _when(when: When) -> JsonObject:
    document: JsonObject = {name: value for name in WHICH if (value := getattr(when, name)) is not None}
    if when.probability is not None:
        document["seed"] = when.seed
    if when.start is not None or when.end is not None:
        window = {"from": when.start, "to": when.end}
        document["window"] = {name: iso(value) for name, value in window.items() if value is not None}
    return document


def _written(value: Any) -> Any:
    match value:
        case tuple():
            return list(value)
        case Latency("uniform", low, high):
            return {"uniform": [low, high]}
        case Latency("lognormal", median, _, sigma):
            return {"lognormal": {"median": median, "sigma": sigma}}
        case Latency():
            return value.low
        case timedelta():
            return _duration(value)
        case Limits():
            limits = {name: getattr(value, field) for name, field in LIMITS_MEMBERS.items()}
            return {name: number for name, number in limits.items() if number is not None}
    return value


def _duration(value: timedelta) -> str:
    """Return the duration in ISO 8601."""
    hours, rest = divmod(value.seconds, 3600)
    minutes, whole = divmod(rest, 60)
    seconds = whole + value.microseconds / 1e6
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{seconds:g}S" if seconds else "")
    days = f"{value.days}D" if value.days else ""
    return f"P{days}" + (f"T{time}" if time else "")


_WHICH = {"nth": "number {}", "next": "the next {}", "every": "every {}."}
_EVERYTHING = "everything"
#: An id in a path: a rule has {id} at its place.
_GUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)


def match_in_words(match: Mapping[str, Any]) -> str:
    """Return what a rule looks at: `GET /users of graph, user alice`."""
    call = " ".join(str(match[name]) for name in ("method", "path") if name in match)
    if "surface" in match:
        call = f"{call} of {match['surface']}" if call else f"all of {match['surface']}"
    rest = [f"{name} {value}" for name, value in match.items() if name not in ("method", "path", "surface")]
    return ", ".join([*([call] if call else []), *rest]) or _EVERYTHING


def when_in_words(when: Mapping[str, Any]) -> str:
    """Return which of the occasions a rule strikes: `number 2`, `every 5.`, `20 %`."""
    words = next((text.format(when[name]) for name, text in _WHICH.items() if name in when), "each one")
    if "probability" in when:
        words = f"{when['probability'] * 100:g} %"
    window = when.get("window")
    if window is not None:
        for name in ("from", "to"):
            if name in window:
                words += f", {name} {window[name][:16].replace('T', ' ')}"
    return words


def effect_in_words(effect: Mapping[str, Any]) -> str:
    """Return what a rule does: `429, Retry-After 7 s, punishes early`, `connectionReset`."""
    words = [str(effect[name]) for name in ("status", "kind") if name in effect]
    as_date = " as a date" if effect.get("retryAfterAs") == "date" else ""
    if "retryAfter" in effect:
        words.append(f"Retry-After {effect['retryAfter']} s{as_date}")
    words += [
        text for name, text in (("punishEarly", "punishes early"), ("carriedOut", "carried out")) if name in effect
    ]
    latency = effect.get("latency")
    if latency is not None:
        words.append(f"latency {latency} s" if isinstance(latency, int | float) else f"latency {json.dumps(latency)}")
    known = ("status", "kind", "retryAfter", "retryAfterAs", "punishEarly", "carriedOut", "latency")
    words += [f"{name} {json.dumps(value).strip(chr(34))}" for name, value in effect.items() if name not in known]
    return ", ".join(words)


def nearest_in_words(nearest: Mapping[str, Any] | None) -> str:
    """Return what came nearest to a rule that has looked at nothing: `the nearest request was GET /users (another
    path)`; the empty text without one.
    """
    if nearest is None:
        return ""
    request = _GUID.sub("{id}", nearest["request"])
    differs = " and ".join(f"another {name}" for name in nearest["differs"]) or "the effect is about others"
    return f"the nearest request was {request} ({differs})"
