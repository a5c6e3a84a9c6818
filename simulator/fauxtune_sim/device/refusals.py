"""Deliveries that a device refuses because its owner has set it so: the device answers as one that cannot apply them.

Each platform answers in its own protocol: Android by nonComplianceDetails, Apple by an ErrorChain, Windows by a status.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from fauxtune_sim.errors import NotAllowedHere, NotFoundHere

#: Below are no error codes of any platform: SyncML's begin with 400, Apple's with 1000, those of Windows are larger.
_LEAST, _MOST = 400, 0xFFFFFFFF


class Delivery(StrEnum):
    """A kind of delivery."""

    ROOT = "root"
    PKCS = "pkcs"
    IMPORTED = "imported"
    SCEP = "scep"
    EMAIL = "email"
    SETTING = "setting"
    APP = "app"


_WORDS = {
    Delivery.ROOT: "trusted certificates",
    Delivery.PKCS: "PKCS certificates",
    Delivery.IMPORTED: "imported certificates",
    Delivery.SCEP: "SCEP certificates",
    Delivery.EMAIL: "mail accounts",
    Delivery.SETTING: "settings",
    Delivery.APP: "apps",
}


class Refusals(dict[Delivery, int | None]):
    """The refused kinds, each with the error code to answer, or None for the platform's usual one."""

    def refuse(self, kind: str, code: int | None = None) -> None:
        """Refuse a kind from now on. Raises NotFoundHere for an unknown kind, NotAllowedHere for a wrong code."""
        if kind not in {known.value for known in Delivery}:
            raise NotFoundHere(f"a device can refuse {', '.join(Delivery)}, not {kind or 'nothing'}")
        if code is not None and not _LEAST <= code <= _MOST:
            raise NotAllowedHere(f"an error code is a number from {_LEAST} to {_MOST}, not {code}")
        self[Delivery(kind)] = code

    def reason(self, kind: str) -> str | None:
        """The reason why a delivery of this kind is refused, or None if it is not refused."""
        if kind not in self:
            return None
        known = Delivery(kind)
        return f"the device's owner has set it to refuse {_WORDS[known]}"

    def document(self) -> dict[str, int | None]:
        """The refusals as JSON."""
        return {kind.value: code for kind, code in self.items()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> Refusals:
        """Read the JSON of `document`; None, in state folders of earlier versions, gives no refusals."""
        return cls({Delivery(kind): code for kind, code in (document or {}).items()})
