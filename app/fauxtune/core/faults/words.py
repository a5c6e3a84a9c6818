"""A rule in words: for lists of the console and the commands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

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
    if "retryAfter" in effect:
        words.append(f"Retry-After {effect['retryAfter']} s")
    words += [
        text for name, text in (("punishEarly", "punishes early"), ("carriedOut", "carried out")) if name in effect
    ]
    latency = effect.get("latency")
    if latency is not None:
        words.append(f"latency {latency} s" if isinstance(latency, int | float) else f"latency {json.dumps(latency)}")
    known = ("status", "kind", "retryAfter", "punishEarly", "carriedOut", "latency")
    words += [f"{name} {json.dumps(value).strip(chr(34))}" for name, value in effect.items() if name not in known]
    return ", ".join(words)


def nearest_in_words(nearest: Mapping[str, Any] | None) -> str:
    """Return what came nearest to a rule that has looked at nothing: `the nearest request was GET /users (another
    path)`; the empty text without one.
    """
    if nearest is None:
        return ""
    request = _GUID.sub("{id}", nearest["request"])
    return f"the nearest request was {request} (another {' and another '.join(nearest['differs'])})"
