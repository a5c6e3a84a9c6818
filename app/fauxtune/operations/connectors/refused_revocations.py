"""Revocations that a connector could not carry out, in the journal: `refused`, with Graph's number for such a refusal,
and `waiting`, for an authority or a connector that cannot be reached. (A certificate that could not be issued is
journalled with the item that failed.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fauxtune.core.errors import ConnectorRefused
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Case:
    """The certificate that was to be revoked, and whose it is; `certificate`: thumbprint, serial, source."""

    device: EnrollmentId | None
    user: str | None
    profile: str | None
    item: str | None
    template: str | None = None
    authority: str | None = None
    certificate: JsonObject | None = None


def revocation_refused(tx: Transaction, case: Case, *, refusal: ConnectorRefused) -> None:
    """Note that a certificate stays valid, since its revocation was refused."""
    _note(tx, case, event="refused", asked="revocation", errorCode=refusal.code, reason=refusal.message)


def revocation_waits(tx: Transaction, case: Case, *, why: str) -> None:
    """Note that a certificate stays valid until its authority, or a connector, can be reached."""
    _note(tx, case, event="waiting", asked="revocation", reason=why)


def _note(tx: Transaction, case: Case, *, event: str, **detail: Any) -> None:
    about = {"item": case.item, "template": case.template, "authority": case.authority}
    detail = {name: value for name, value in about.items() if value is not None} | detail
    tx.record(
        event,
        user=case.user,
        device=case.device,
        profile=case.profile,
        certificate=case.certificate,
        **detail,
    )
