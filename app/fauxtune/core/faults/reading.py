"""Reading a rule from JSON, with every mistake named at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fauxtune.core.faults.effects import EFFECTS, STATUSES, SURFACES
from fauxtune.core.faults.matching import without_version
from fauxtune.core.faults.rule import Effect, Kind, Match, Rule, When
from fauxtune.core.faults.values import Values

#: The most characters of a rule as JSON, and the most rules of a tenant.
MOST_CHARACTERS, MOST_RULES = 4096, 200
#: The members of `when` of which a rule has one.
WHICH = ("nth", "next", "every", "probability")
#: Kinds that are written without `kind`.
PLAIN = (Kind.STATUS, Kind.LATENCY)
_MEMBERS = ("match", "when", "effect")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

#: How each member of an effect is read, and its field.
MEMBERS: dict[str, tuple[Callable[[Values, str, Any], Any], str]] = {
    "status": (Values.status, "status"),
    "retryAfter": (Values.retry_after, "retry_after"),
    "punishEarly": (Values.flag, "punish_early"),
    "carriedOut": (Values.flag, "carried_out"),
    "latency": (Values.latency, "latency"),
    "reads": (Values.count, "reads"),
    "seconds": (Values.seconds, "seconds"),
    "lag": (Values.lag, "lag"),
    "error": (Values.error, "error"),
    "limits": (Values.limits, "limits"),
    "hosts": (Values.hosts, "hosts"),
}


def rule_of(document: Mapping[str, Any], *, is_new: bool = False) -> Rule:
    """Return the rule of `{"match": {}, "when": {}, "effect": {}}`. Raises Invalid, naming every mistake. `is_new`:
    it was not stored yet; those that are stored may have a path that none may have any more.
    """
    return _Reader(is_new=is_new).rule(document)


class _Reader(Values):
    """Reads one rule."""

    def __init__(self, *, is_new: bool) -> None:
        super().__init__()
        self._is_new = is_new

    def rule(self, document: Mapping[str, Any]) -> Rule:
        if _length(document) > MOST_CHARACTERS:
            self.wrong("a rule", f"has at most {MOST_CHARACTERS:,} characters as JSON")
            self.check()
        for name in document:
            if name not in _MEMBERS:
                self.wrong(name, f"is no member of a rule: there are {', '.join(_MEMBERS)}")
        match = self._match(self._object(document, "match"))
        when = self._when(self._object(document, "when"))
        if document.get("effect") is None:
            self.wrong("effect", 'is missing: such as {"status": 429, "retryAfter": 7}')
            self.check()
        effect = self._effect(self._object(document, "effect"))
        self.check()
        assert effect is not None
        return Rule(effect, match, when)

    def _object(self, document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = document.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(name, "must be an object")
            return {}
        return value

    def _match(self, sent: Mapping[str, Any]) -> Match:
        given: dict[str, str] = {}
        known = Match.__dataclass_fields__
        for name, value in sent.items():
            if name not in known:
                self.wrong(f"match.{name}", f"is unknown: there are {', '.join(known)}")
            elif (text := self.text(f"match.{name}", value)) is not None:
                given[name] = text
        if given.get("surface", "graph") not in SURFACES:
            self.wrong("match.surface", f"is one of {', '.join(SURFACES)}, not '{given['surface']}'")
        if "method" in given:
            given["method"] = given["method"].upper()
            if given["method"] not in _METHODS:
                self.wrong("match.method", f"is one of {', '.join(_METHODS)}, not '{given['method']}'")
        if "path" in given:
            if not given["path"].startswith("/"):
                self.wrong("match.path", "begins with a slash, such as /deviceManagement/managedDevices/{id}")
            if self._is_new and "*" in given["path"].removesuffix("/*"):
                self.wrong(
                    "match.path",
                    "has * at its end only, as /*, for everything below; write {id} for one part: "
                    f"{_with_id(given['path'])}",
                )
            given["path"] = without_version(given["path"])
        return Match(**given)

    def _when(self, sent: Mapping[str, Any]) -> When:
        known = (*WHICH, "seed", "window")
        for name in sent:
            if name not in known:
                self.wrong(f"when.{name}", f"is unknown: there are {', '.join(known)}")
        which = [name for name in WHICH if name in sent]
        if len(which) > 1:
            self.wrong("when", f"has only one of {', '.join(which)}")
        if "seed" in sent and "probability" not in sent:
            self.wrong("when.seed", "belongs to a probability")
        counts = {name: self.count(f"when.{name}", sent[name]) for name in ("nth", "next", "every") if name in sent}
        probability = None
        if "probability" in sent:
            probability = self.number("when.probability", sent["probability"], most=1)
        start, end = self._window(sent.get("window"))
        seed = self.count("when.seed", sent.get("seed", 0), least=0, most=2**53)
        return When(**counts, probability=probability, seed=seed or 0, start=start, end=end)

    def _window(self, sent: object) -> tuple[datetime | None, datetime | None]:
        if sent is None:
            return None, None
        where = "when.window"
        if not isinstance(sent, dict) or not sent or not set(sent) <= {"from", "to"}:
            self.wrong(where, 'is {"from": time, "to": time}; one of the two may be left out')
            return None, None
        start, end = (self.moment(f"{where}.{name}", sent.get(name)) for name in ("from", "to"))
        if start is not None and end is not None and end <= start:
            self.wrong(where, "ends before it begins: `to` must be later than `from`")
        return start, end

    def _effect(self, sent: Mapping[str, Any]) -> Effect | None:
        kind = self._kind(sent)
        if kind is None:
            return None
        described = EFFECTS[kind]
        for name in sent:
            if name not in ("kind", *described.members):
                allowed = f"takes {', '.join(described.members)}" if described.members else "takes no other member"
                self.wrong(f"effect.{name}", f"is unknown: {kind} {allowed}")
        if described.needs and not any(name in sent for name in described.needs):
            example = json.dumps(described.example)
            self.wrong("effect", f"{kind} needs {' or '.join(described.needs)}, such as {example}")
        given = {}
        for name in described.members:
            if name in sent:
                read, field = MEMBERS[name]
                given[field] = read(self, f"effect.{name}", sent[name])
        effect = Effect(kind, **given)
        if effect.punish_early and not effect.retry_after:
            self.wrong("effect.punishEarly", "needs retryAfter: the seconds before which a client comes too early")
        if effect.reads is not None and effect.seconds is not None:
            self.wrong("effect", "has reads or seconds, not both")
        return effect

    def _kind(self, sent: Mapping[str, Any]) -> Kind | None:
        if "kind" in sent:
            word = sent["kind"]
            if isinstance(word, str) and word in [kind.value for kind in Kind if kind not in PLAIN]:
                return Kind(word)
            self.wrong("effect.kind", f"'{str(word)[:60]}' is unknown. Effects are {_known()}")
            return None
        for kind in PLAIN:
            if kind.value in sent:
                return kind
        self.wrong("effect", f"is unknown. Effects are {_known()}")
        return None


def _with_id(path: str) -> str:
    """The path as it was probably meant: `{id}` for each part with a `*`, but for one at the end."""
    body, end = (path.removesuffix("/*"), "/*") if path.endswith("/*") else (path, "")
    return "/".join("{id}" if "*" in part else part for part in body.split("/")) + end


def _known() -> str:
    words = [f'{{"kind": "{kind}"}}' for kind in Kind if kind not in PLAIN]
    return f'{{"status": {"|".join(map(str, STATUSES))}}}, {{"latency": seconds}}, {", ".join(words)}'


def _length(document: Mapping[str, Any]) -> int:
    """The characters of a document as JSON; one that is nested too deeply to be written counts as too long."""
    try:
        return len(json.dumps(document))
    except RecursionError:
        return MOST_CHARACTERS + 1
