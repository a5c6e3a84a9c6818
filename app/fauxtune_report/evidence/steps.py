"""The steps of a tenant's story: entries of the journal of one kind that follow one another, as one step."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from fauxtune.core.clock import from_iso
from fauxtune.core.model.states import Source
from fauxtune_report.evidence.facts import Facts
from fauxtune_report.evidence.words import ENDS

MOST_STEPS = 60
#: Sources of certificates -> the kind of step in which they are installed.
_INSTALLED = {Source.IMPORTED: "delivered", Source.PKCS: "own", Source.SCEP: "own", Source.ROOT: "trusted"}
#: Types of entries that are steps by themselves.
_TYPES = frozenset({"enrolled", "imported", "certificatePublished", "mailDelivered"}) | ENDS.keys()


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its kind (the type of its entries, or how a certificate came), and its entries in order."""

    kind: str
    entries: tuple[Mapping[str, Any], ...]

    @property
    def time(self) -> datetime:
        """The time of its last entry."""
        return from_iso(self.entries[-1]["time"])

    @property
    def devices(self) -> tuple[str, ...]:
        """The ids of its devices."""
        return tuple(dict.fromkeys(entry["device"] for entry in self.entries if entry["device"]))

    def certificates(self, facts: Facts) -> dict[str, Source]:
        """Return the thumbprints of its certificates with their sources."""
        result = {}
        for entry in self.entries:
            certificate = entry["certificate"] or {}
            thumbprint = certificate.get("thumbprint")
            if thumbprint:
                known = facts.certificates.get(thumbprint)
                source = certificate.get("source") or (None if known is None else known.source)
                result[thumbprint] = Source(source or Source.IMPORTED)
        return result


def steps(facts: Facts) -> list[Step]:
    """Return the steps in their order."""
    renewed = {_thumbprint(entry) for entry in facts.events if entry["type"] == "renewed"}
    kinds = [(kind, entry) for entry in facts.events if (kind := _kind(entry, renewed)) is not None]
    return [Step(kind, tuple(entry for _, entry in group)) for kind, group in groupby(kinds, key=lambda pair: pair[0])]


def _kind(entry: Mapping[str, Any], renewed: Collection[str | None]) -> str | None:
    """The kind of step that an entry belongs to; None for what the story leaves out."""
    certificate = entry["certificate"] or {}
    if entry["type"] == "installed":
        kind = _INSTALLED.get(certificate.get("source", ""))
        return "renewed" if kind == "own" and _thumbprint(entry) in renewed else kind
    if entry["type"] == "deleted" and certificate:
        return None  # an imported certificate, not a device
    return entry["type"] if entry["type"] in _TYPES else None


def _thumbprint(entry: Mapping[str, Any]) -> str | None:
    return (entry["certificate"] or {}).get("thumbprint")
