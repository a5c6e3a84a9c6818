"""The facts of a device: its hardware, which all platforms share, and the table of what it reports, with names,
values, and the field of its own protocol that carries each.

A name is Graph's (managedDevice, hardwareInformation, windowsProtectionState); facts that Graph does not show have a
name in the same style. Fields: Apple's device management schema (DeviceInformation, SecurityInfo,
ManagedApplicationFeedback); Microsoft's CSPs (DevInfo, DevDetail, DeviceStatus, WindowsLicensing, Defender); Android
Management API (enterprises.devices). The table is `table.txt`, which is read when somebody needs it.

Serial numbers, IMEIs, MAC addresses and all else of a new device are drawn from a `Random`: a seeded one gives the
same device again, the system's one a device of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import cache
from random import Random
from typing import Any, Self

from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.platforms import Mode, Platform
from fauxtune_sim.tables import Mistake, numbered, text_of

# No I and no O: they are not used in serial numbers, as they look like digits.
_SERIAL_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_GIGABYTE, _GIBIBYTE = 10**9, 2**30
#: German, Austrian and Swiss operators: name, prefix of their SIM cards (ITU-T E.118), prefix of phone numbers.
_CARRIERS = (
    ("Swisscom", "894101", "+4179"),
    ("Telekom.de", "894902", "+49171"),
    ("Vodafone.de", "894920", "+49172"),
    ("A1", "894301", "+43664"),
)

#: A fact's value, under Graph's name for it.
FactValue = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware(ABC):
    """The hardware of a device. Ids are in the form that the platform shows; `imei` is empty if it is not a phone."""

    manufacturer: str
    model: str
    serial_number: str
    imei: str
    wifi_mac_address: str
    os_version: str

    @classmethod
    @abstractmethod
    def new(cls, platform: Platform, os_version: str | None = None, *, mode: Mode | None, random: Random) -> Self:
        """Generate a common product. Raises NotFoundHere for a version that is not simulated."""

    @abstractmethod
    def at_version(self, platform: Platform, os_version: str) -> Self:
        """A copy with another system version. Raises NotFoundHere for a version that the device cannot have."""

    @abstractmethod
    def suggested_name(self, random: Random, *, owner: str | None = None) -> str:
        """The name of a device whose user has not named it; `owner` is the user's name if it is known."""

    @abstractmethod
    def first_facts(self, platform: Platform, random: Random) -> dict[str, FactValue]:
        """Generate the facts of a new device that can change, by their names in `facts.table`."""

    def document(self) -> dict[str, Any]:
        """The facts as JSON."""
        return asdict(self)


def unknown_version(system: str, os_version: str, *, known: Iterable[str]) -> NotFoundHere:
    """The error for a version that is not simulated, with the versions that are."""
    return NotFoundHere(f"{system} {os_version} is not simulated: {', '.join(known)} are")


def new_serial(length: int, random: Random) -> str:
    """A serial number without the letters that look like digits."""
    return "".join(random.choice(_SERIAL_LETTERS) for _ in range(length))


def new_mac(random: Random) -> str:
    """A locally administered MAC address, twelve hex digits, as phones use in networks."""
    return f"02{random.randbytes(5).hex()}"


def new_meid(random: Random) -> str:
    """A MEID: fourteen hex digits, upper case."""
    return random.randbytes(7).hex().upper()


def new_imei(random: Random) -> str:
    """An IMEI: fifteen digits, the last a Luhn check digit (3GPP TS 23.003, annex B)."""
    return with_luhn_digit("35" + _digits(12, random))


def with_luhn_digit(digits: str) -> str:
    """Append the check digit of Luhn's algorithm (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        total += digit if place % 2 else sum(divmod(digit * 2, 10))
    return f"{digits}{-total % 10}"


def storage(sizes: tuple[int, ...], random: Random) -> dict[str, FactValue]:
    """One of these sizes, in gigabytes of 10^9 bytes, of which 5 to 90 % are free."""
    total = random.choice(sizes) * _GIGABYTE
    free = total * random.randint(5, 90) // 100
    return {"totalStorageSpaceInBytes": total, "freeStorageSpaceInBytes": free}


def memory(sizes: tuple[int, ...], random: Random) -> dict[str, FactValue]:
    """One of these sizes, in gibibytes."""
    return {"physicalMemoryInBytes": random.choice(sizes) * _GIBIBYTE}


def sim_card(random: Random) -> dict[str, FactValue]:
    """A SIM card: its operator, its ICCID with a check digit (ITU-T E.118), and its phone number (E.164)."""
    carrier, issuer, prefix = random.choice(_CARRIERS)
    return {
        "subscriberCarrier": carrier,
        "iccid": with_luhn_digit(issuer + _digits(12, random)),
        "phoneNumber": prefix + _digits(7, random),
    }


def _digits(count: int, random: Random) -> str:
    return "".join(str(random.randrange(10)) for _ in range(count))


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
