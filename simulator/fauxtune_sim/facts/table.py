"""The facts that a device reports: their names, their values, and the field of its own protocol that carries each.

A name is Graph's (managedDevice, hardwareInformation, windowsProtectionState); facts that Graph does not show have a
name in the same style. Fields: Apple's device management schema (DeviceInformation, SecurityInfo,
ManagedApplicationFeedback); Microsoft's CSPs (DevInfo, DevDetail, DeviceStatus, WindowsLicensing, Defender); Android
Management API (enterprises.devices). The facts stand in `table.txt`, which is read when somebody needs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache

from fauxtune_sim.platforms import Platform
from fauxtune_sim.tables import Mistake, numbered, text_of


class Form(StrEnum):
    """The form of a fact's values."""

    TEXT = "text"
    FLAG = "true or false"
    WHOLE = "a whole number"
    CHOICE = "one of the known words"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `fields` has the field of the protocol for each platform that reports it; iPadOS has those of iOS.

    `pattern` is the form of a text, with `example`; `choices` are the words of a choice, and `only` has those of a
    platform with fewer; `most` is the largest number. `settable`: a fact that is not follows from others.
    """

    name: str
    form: Form
    fields: Mapping[Platform, str]
    pattern: str = r".*"
    example: str = ""
    choices: tuple[str, ...] = ()
    most: int = 2**63 - 1
    settable: bool = True
    only: Mapping[Platform, tuple[str, ...]] = field(default_factory=dict)

    def choices_of(self, platform: Platform) -> tuple[str, ...]:
        """The words of a choice on this platform."""
        return self.only.get(platform, self.choices)

    def field_of(self, platform: Platform) -> str | None:
        """The field that carries the fact on this platform; None if the platform does not report it."""
        return self.fields.get(Platform.IOS if platform is Platform.IPADOS else platform)


#: The platforms of each word of the table.
_PLATFORMS: Mapping[str, tuple[Platform, ...]] = {
    "ios": (Platform.IOS,),
    "macos": (Platform.MACOS,),
    "apple": (Platform.IOS, Platform.MACOS),
    "pc": (Platform.WINDOWS,),
    "mobile": (Platform.WINDOWS_10_MOBILE,),
    "phone81": (Platform.WINDOWS_PHONE_81,),
    "windows": (Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81),
    "windows10": (Platform.WINDOWS, Platform.WINDOWS_10_MOBILE),
    "phones": (Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81),
    "android": (Platform.ANDROID,),
}
_FORMS = {
    "text": Form.TEXT,
    "follows": Form.TEXT,
    "flag": Form.FLAG,
    "whole": Form.WHOLE,
    "choice": Form.CHOICE,
}
_DEFENDER_VERSION = r"[0-9]{1,5}(?:\.[0-9]{1,6}){3}"
#: The days that there are, from 2000 to 2099: the 29th of February every fourth year.
_DAY = (
    r"(?:20[0-9]{2}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"|20(?:[02468][048]|[13579][26])-02-29)"
)
_MOMENT = rf"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
#: Patterns that have a name in the table.
_PATTERNS = {"MAC-ADDRESS": r"[0-9A-F]{12}", "VERSION": _DEFENDER_VERSION, "MOMENT": _MOMENT}


@cache
def all_facts() -> Mapping[str, Fact]:
    """Return the facts by their names, in the order of the table."""
    return read_facts(text_of(__package__ or "", "table.txt"))


def facts_of(platform: Platform) -> tuple[Fact, ...]:
    """The facts that devices of this platform report."""
    return tuple(fact for fact in all_facts().values() if fact.field_of(platform) is not None)


def read_facts(text: str) -> dict[str, Fact]:
    """Return the facts of a table by their names. Raises Mistake."""
    facts: dict[str, Fact] = {}
    name = ""
    for number, line in numbered(text):
        try:
            if not line.startswith(" "):
                fact = _fact(line)
                if fact.name in facts:
                    raise ValueError(f"{fact.name} stands here twice; once is enough")
                name = fact.name
                facts[name] = fact
            elif line.startswith(" only "):
                platform, _, words = line.removeprefix(" only ").partition(" ")
                facts[name] = replace(facts[name], only={_platforms(platform)[0]: tuple(words.split(", "))})
            else:
                facts[name] = replace(facts[name], fields={**facts[name].fields, **dict(_fields(line))})
        except (KeyError, ValueError) as error:
            raise Mistake(f"facts/table.txt, line {number}: {error}") from None
    return facts


def _fact(line: str) -> Fact:
    """Read the first line of a fact. Raises ValueError."""
    kind, _, rest = line.partition(" ")
    name, _, values = rest.partition(" ")
    if kind not in _FORMS:
        raise ValueError(f"a fact is one of {', '.join(_FORMS)}, not {kind!r}")
    if bool(values) is not (kind in {"text", "choice"}) and kind != "whole":
        raise ValueError(f"after {kind} stands {'NAME and its values' if not values else 'NAME, and nothing else'}")
    fact = Fact(name, _FORMS[kind], {}, settable=kind != "follows")
    match kind:
        case "text":
            pattern, _, example = values.partition(" ")
            return replace(fact, pattern=_PATTERNS.get(pattern, pattern), example=example)
        case "choice":
            return replace(fact, choices=tuple(values.split(", ")))
        case "whole" if values:
            return replace(fact, most=int(values))
    return fact


def _fields(line: str) -> Iterator[tuple[Platform, str]]:
    for part in line.strip().split(" | "):
        word, _, name = part.partition(" ")
        if not name:
            raise ValueError(f"after {word} stands the field that carries the fact")
        yield from ((platform, name) for platform in _platforms(word))


def _platforms(word: str) -> tuple[Platform, ...]:
    if word not in _PLATFORMS:
        raise ValueError(f"there is no platform {word!r}; there are {', '.join(_PLATFORMS)}")
    return _PLATFORMS[word]
