"""Certificate connectors: which programs there were, what each can do, and how long a version works.

Ruled by the pages of March 2020 ("Certificate connectors for Microsoft Intune": two programs) and "Certificate
Connector for Microsoft Intune" of 2022-05-04 (one, which replaced them on 2021-07-29).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fauxtune.core.model.editions import Edition

#: What connectors are there for.
ROLES = ("pkcs", "imported-pfx", "scep", "revocation")
#: So many of one program a tenant can have, but for the PFX Certificate Connector of 2020.
MOST = 100


class Program(StrEnum):
    """A program that one installs as a connector."""

    CERTIFICATE = "certificate-connector"  # Certificate Connector for Microsoft Intune
    INTUNE = "intune-connector"  # Intune Certificate Connector, of 2020
    PFX = "pfx-connector"  # PFX Certificate Connector for Microsoft Intune, of 2020


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """A program: its edition, what it can do, how many of it a tenant can have, and its newest version."""

    title: str
    edition: Edition
    roles: tuple[str, ...]
    most: int
    newest: str


PROGRAMS: dict[Program, ProgramFacts] = {
    Program.CERTIFICATE: ProgramFacts(
        "Certificate Connector for Microsoft Intune", Edition.CURRENT, ROLES, MOST, "6.2406.0.1001"
    ),
    Program.INTUNE: ProgramFacts(
        "Intune Certificate Connector", Edition.APRIL_2020, ("pkcs", "scep", "revocation"), MOST, "6.1904.1.0"
    ),
    Program.PFX: ProgramFacts(
        "PFX Certificate Connector for Microsoft Intune", Edition.APRIL_2020, ("imported-pfx",), 1, "6.1911.11.602"
    ),
}


class Support(StrEnum):
    """How a version fares. The page: six months after its release a version is deprecated and shown with a warning,
    after a grace period of six more with an error; what is older than 6.2101.13.0 issues nothing since June 2022.
    """

    FULL = "full"
    DEPRECATED = "deprecated"
    EXPIRED = "expired"
    REFUSED = "refused"


_OLDEST_SERVED = (6, 2101, 13, 0)
_SUPPORTED_MONTHS, _GRACE_MONTHS = 6, 12


def version_numbers(text: str) -> tuple[int, ...] | None:
    """The four numbers of a version, `6.YYMM.x.y`; None for what is none."""
    parts = text.split(".")
    if len(parts) != 4 or not all(each.isascii() and each.isdigit() and len(each) <= 5 for each in parts):
        return None
    numbers = tuple(int(each) for each in parts)
    return numbers if 1 <= numbers[1] % 100 <= 12 else None


def support(program: Program, version: str | None) -> Support:
    """How this version of the program fares. A version names the month of its release.

    Unverified: a version's age is counted up to the newest release that is known here, not to the tenant's clock, which
    may stand where no release is known. In the edition of 2020 no page says that old versions stop.
    """
    facts = PROGRAMS[program]
    found = version_numbers(version or facts.newest)
    newest = version_numbers(facts.newest)
    assert found is not None
    assert newest is not None
    if facts.edition is Edition.APRIL_2020:
        return Support.FULL
    if found < _OLDEST_SERVED:
        return Support.REFUSED
    months = _months(newest) - _months(found)
    if months <= _SUPPORTED_MONTHS:
        return Support.FULL
    return Support.DEPRECATED if months <= _GRACE_MONTHS else Support.EXPIRED


def _months(numbers: tuple[int, ...]) -> int:
    return numbers[1] // 100 * 12 + numbers[1] % 100
