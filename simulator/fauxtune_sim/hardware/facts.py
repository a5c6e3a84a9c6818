"""The facts that devices of every platform have, and how such facts are made up."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self

from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.platforms import Platform

# No I and no O: they are not used in serial numbers, as they look like digits.
_SERIAL_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware(ABC):
    """One device. Ids are hex or digits as the platform shows them; a device that is no phone has an empty `imei`."""

    manufacturer: str
    model: str
    serial_number: str
    imei: str
    wifi_mac_address: str
    os_version: str

    @classmethod
    @abstractmethod
    def new(cls, platform: Platform, os_version: str | None = None) -> Self:
        """A new device of a common make; NotFoundHere for a version that is not simulated."""

    @abstractmethod
    def at_version(self, platform: Platform, os_version: str) -> Self:
        """The same device with another version of its system; NotFoundHere for one that it cannot have."""

    @abstractmethod
    def suggested_name(self) -> str:
        """What such a device is called until somebody names it."""

    def document(self) -> dict[str, Any]:
        """The facts as JSON."""
        return asdict(self)


def unknown_version(system: str, os_version: str, *, known: Iterable[str]) -> NotFoundHere:
    """The error for a version that is not simulated."""
    return NotFoundHere(f"{system} {os_version} is not simulated: {', '.join(known)} are")


def new_serial(length: int) -> str:
    """A serial number without the letters that look like digits."""
    return "".join(secrets.choice(_SERIAL_LETTERS) for _ in range(length))


def new_mac() -> str:
    """Twelve hex digits, locally administered, as phones use towards networks."""
    return f"02{secrets.token_hex(5)}"


def new_meid() -> str:
    """Fourteen hex digits, upper case."""
    return secrets.token_hex(7).upper()


def new_imei() -> str:
    """Fifteen digits, the last a Luhn check digit (3GPP TS 23.003, annex B)."""
    digits = [3, 5, *(secrets.randbelow(10) for _ in range(12))]
    total = sum(digit if at % 2 == 0 else sum(divmod(digit * 2, 10)) for at, digit in enumerate(digits))
    return "".join(map(str, digits)) + str(-total % 10)
