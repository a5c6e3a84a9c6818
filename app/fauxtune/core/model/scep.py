"""What a SCEP profile asks of one device: the key that it makes, and the certificate request for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ScepRequest:
    """The request that a device is to make. `names` are pairs (subjectAlternativeNameType, value); `key_usages` are
    Graph's words (keyEncipherment, digitalSignature); `key_size` is in bits; `extended_key_usages` are OIDs; `days` is
    the validity that the profile asks for.
    """

    urls: tuple[str, ...]
    subject: str
    names: tuple[tuple[str, str], ...]
    key_usages: tuple[str, ...]
    key_size: int | None
    hash_algorithm: str | None
    extended_key_usages: tuple[str, ...]
    days: int | None
    renew_percent: int

    def document(self) -> dict[str, Any]:
        """Return the request as JSON."""
        return asdict(self)

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Self:
        """Return the request that `document` wrote. Raises KeyError, TypeError or ValueError for another document."""
        return cls(
            urls=tuple(document["urls"]),
            subject=str(document["subject"]),
            names=tuple((str(kind), str(value)) for kind, value in document["names"]),
            key_usages=tuple(document["key_usages"]),
            key_size=document["key_size"],
            hash_algorithm=document["hash_algorithm"],
            extended_key_usages=tuple(document["extended_key_usages"]),
            days=document["days"],
            renew_percent=int(document["renew_percent"]),
        )
