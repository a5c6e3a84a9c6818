"""The hardware facts that all platforms share, and generators for serial numbers, IMEIs and MAC addresses.

Everything is drawn from a `Random`: a seeded one gives the same device again, the system's one a device of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Self

from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.platforms import Mode, Platform

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
