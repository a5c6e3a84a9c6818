"""The hardware facts that all platforms share, and generators for serial numbers, IMEIs and MAC addresses."""

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
    """The hardware of a device. Ids are in the form that the platform shows; `imei` is empty if it is not a phone."""

    manufacturer: str
    model: str
    serial_number: str
    imei: str
    wifi_mac_address: str
    os_version: str

    @classmethod
    @abstractmethod
    def new(cls, platform: Platform, os_version: str | None = None) -> Self:
        """Generate a common product. Raises NotFoundHere for a version that is not simulated."""

    @abstractmethod
    def at_version(self, platform: Platform, os_version: str) -> Self:
        """A copy with another system version. Raises NotFoundHere for a version that the device cannot have."""

    @abstractmethod
    def suggested_name(self) -> str:
        """The name of a device whose user has not named it."""

    def document(self) -> dict[str, Any]:
        """The facts as JSON."""
        return asdict(self)


def unknown_version(system: str, os_version: str, *, known: Iterable[str]) -> NotFoundHere:
    """The error for a version that is not simulated, with the versions that are."""
    return NotFoundHere(f"{system} {os_version} is not simulated: {', '.join(known)} are")


def new_serial(length: int) -> str:
    """A serial number without the letters that look like digits."""
    return "".join(secrets.choice(_SERIAL_LETTERS) for _ in range(length))


def new_mac() -> str:
    """A locally administered MAC address, twelve hex digits, as phones use in networks."""
    return f"02{secrets.token_hex(5)}"


def new_meid() -> str:
    """A MEID: fourteen hex digits, upper case."""
    return secrets.token_hex(7).upper()


def new_imei() -> str:
    """An IMEI: fifteen digits, the last a Luhn check digit (3GPP TS 23.003, annex B)."""
    digits = [3, 5, *(secrets.randbelow(10) for _ in range(12))]
    total = sum(digit if at % 2 == 0 else sum(divmod(digit * 2, 10)) for at, digit in enumerate(digits))
    return "".join(map(str, digits)) + str(-total % 10)
