"""Reading a provider state: which sentence it is, and what stands in its places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from fauxtune.core.errors import Invalid
from fauxtune.core.model.words.provider_states import DELIVERIES, DEVICES, NUMBERS, PLACES, SENTENCES, Sentence
from fauxtune.core.nearest import nearest

#: Characters of a sentence at most.
_LONGEST = 1000
_PLACE = re.compile(r"\{(\w+)\}")
#: Words of a sentence that have other forms.
_FORMS: Mapping[str, str] = {
    "a": "an?",
    "an": "an?",
    "has": "(?:has|have)",
    "is": "(?:is|are)",
    "are": "(?:is|are)",
    "was": "(?:was|were)",
    "users": "users?",
    "days": "days?",
    "connector": "connectors?",
    "connectors": "connectors?",
    "certificates": "certificates?",
    "certificates,": "certificates?,",
    "licence": "licen[cs]e",
    "enrol": "enrol(?:l)?",
    "enrolled": "enrol(?:l)?ed",
    "ca": "(?:ca|certification authority)",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence, the words in its places, and the sentence as it was worded."""

    sentence: Sentence
    words: Mapping[str, str]
    wording: str

    def number(self, place: str) -> int:
        """Return the number in a place."""
        return self.number_of(self.words[place])

    def number_of(self, text: str) -> int:
        """Return the number that a word means."""
        word = text.lower()
        if word in {"a", "an"}:
            return 1
        if word == "no":
            return 0
        return NUMBERS.index(word) if word in NUMBERS else int(word)

    def device(self) -> tuple[str, str | None, str]:
        """Return platform, mode and name of the kind of device."""
        word = " ".join(self.words["device"].lower().split())
        return DEVICES[word if word in DEVICES else word.removesuffix("s")]

    def delivery(self) -> str:
        """Return the simulator's word for what a device refuses."""
        return DELIVERIES[" ".join(self.words["delivery"].lower().split())]


#: Where all sentences are found, for whoever sees no page that lists them.
WHERE_ALL_ARE = "'fauxtune state list' (GET .../states) has all."


def read(text: str, params: Mapping[str, object] | None = None) -> Reading:
    """Return which sentence it is. `params` are put into the places that stand in braces: `{user} left`.

    Raises Invalid for an unknown sentence, naming the nearest three, and for a place or a parameter too many.
    """
    wording = _filled(text, params or {})
    if len(wording) > _LONGEST:
        raise Invalid(f"A state is a sentence of {_LONGEST} characters at most.", target="state")
    wording = " ".join(_spelt(wording).split()).rstrip(".")
    for sentence, pattern in _patterns():
        match = pattern.fullmatch(wording)
        if match is not None:
            return Reading(sentence, {name: _unquoted(words) for name, words in match.groupdict().items()}, wording)
    like = "; ".join(f"'{each}'" for each in nearest(wording, (sentence.example for sentence in SENTENCES)))
    raise Invalid(
        f"There is no state '{wording}'. The nearest are: {like}. {WHERE_ALL_ARE}",
        target="state",
    )


def places(sentence: Sentence) -> tuple[str, ...]:
    """Return the names of a sentence's places, in their order."""
    return tuple(_PLACE.findall(sentence.text))


def fits(place: str, words: str) -> bool:
    """Whether these words fit into a place."""
    return re.fullmatch(PLACES[place].pattern, _word(place, words), re.IGNORECASE) is not None


def _filled(text: str, params: Mapping[str, object]) -> str:
    names = _PLACE.findall(text)
    missing = [name for name in names if name not in params]
    if missing:
        raise Invalid(f"The state has the place {{{missing[0]}}}: send params with '{missing[0]}'.", target="params")
    beyond = [name for name in params if name not in names]
    if beyond:
        raise Invalid(
            f"The state has no place {{{beyond[0]}}} for the parameter '{beyond[0]}': places stand in braces, as in "
            "'{user} left'.",
            target="params",
        )
    return _PLACE.sub(lambda match: _word(match[1], params[match[1]]), text)


def _word(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        if value not in (True, False):
            raise Invalid(f"The parameter '{name}' is a text or a number.", target="params")
        return str(value).lower()
    text = str(value)
    return f'"{text}"' if " " in text and name in {"group", "name", "value"} else text


def _spelt(text: str) -> str:
    """The text with one spelling of what people write in several ways."""
    text = text.replace("\u2019", "'")
    text = re.sub(r"\b(off|on)[\s-]?line\b", r"\1 line", text, flags=re.IGNORECASE)
    return re.sub(r"\s*,\s*", ", ", text)


def _unquoted(words: str) -> str:
    return words[1:-1] if words[:1] == words[-1:] == '"' and len(words) > 1 else words


@cache
def _patterns() -> tuple[tuple[Sentence, re.Pattern[str]], ...]:
    return tuple(
        (sentence, re.compile(_expression(text), re.IGNORECASE))
        for sentence in SENTENCES
        for text in (sentence.text, *sentence.also)
    )


def _expression(text: str) -> str:
    return " ".join(map(_token, text.split()))


def _token(token: str) -> str:
    parts = _PLACE.split(token)
    if len(parts) == 1:
        return _FORMS.get(token.lower(), re.escape(token))
    literal_before, name, literal_after = parts
    return f"{re.escape(literal_before)}(?P<{name}>{PLACES[name].pattern}){re.escape(literal_after)}"
