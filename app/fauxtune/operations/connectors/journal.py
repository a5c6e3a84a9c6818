"""What the connector was to revoke and could not, in the journal: `refused`, with the number that Graph shows for such
a refusal, and `waiting`, for an authority or a connector that is not there. What it could not issue is told by the item
that failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fauxtune.core.errors import ConnectorRefused
from fauxtune.operations.runtime.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Case:
    """What a note is about. `certificate` is there if there is one: thumbprint, serial, source."""

    device: str
    user: str | None
    profile: str | None
    item: str | None
    template: str | None = None
    authority: str | None = None
    certificate: dict[str, Any] | None = None


def revocation_refused(tx: Transaction, case: Case, *, refusal: ConnectorRefused) -> None:
    """A certificate that was to be revoked stays good."""
    _note(tx, case, event="refused", asked="revocation", errorCode=refusal.code, reason=refusal.message)


def revocation_waits(tx: Transaction, case: Case, *, why: str) -> None:
    """A certificate that is to be revoked stays good until its authority is back."""
    _note(tx, case, event="waiting", asked="revocation", reason=why)


def _note(tx: Transaction, case: Case, *, event: str, **detail: Any) -> None:
    about = {"item": case.item, "template": case.template, "authority": case.authority}
    said = {name: value for name, value in about.items() if value is not None}
    tx.record(
        event,
        user=case.user,
        device=case.device,
        profile=case.profile,
        certificate=case.certificate,
        **said,
        **detail,
    )
