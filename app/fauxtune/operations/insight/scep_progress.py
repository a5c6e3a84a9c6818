"""How far devices came with the certificates that they are to request by SCEP, for the diagnosis. Only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography import x509

from fauxtune.core.engine.diagnosis.facts import Device, Mismatch, ScepTry, source_of
from fauxtune.core.errors import NotFound, Unavailable
from fauxtune.core.model.ids import EnrollmentId, ProfileId
from fauxtune.core.model.states import Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.scep.results import ResultCode
from fauxtune.operations.checkin.deliverables import url_for
from fauxtune.operations.connectors import ra_certificates
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.scep import ScepChallengeRow

#: What the codes say of a request; every other one is about the challenge.
_MISMATCHES = {
    ResultCode.EXPIRED: Mismatch.LATE,
    ResultCode.INVALID_TIMESTAMP: Mismatch.EARLY,
    ResultCode.SUBJECT_MISSING: Mismatch.CONTENT,
    ResultCode.SUBJECT_MISMATCH: Mismatch.CONTENT,
    ResultCode.ALTERNATIVE_NAME_MISSING: Mismatch.CONTENT,
    ResultCode.ALTERNATIVE_NAME_MISMATCH: Mismatch.CONTENT,
    ResultCode.KEY_USAGE_MISMATCH: Mismatch.CONTENT,
    ResultCode.KEY_LENGTH_MISMATCH: Mismatch.CONTENT,
    ResultCode.EXTENDED_USAGE_MISSING: Mismatch.CONTENT,
    ResultCode.EXTENDED_USAGE_MISMATCH: Mismatch.CONTENT,
    ResultCode.SIGNER_MISMATCH: Mismatch.CONTENT,
}


def is_by_scep(devices: Sequence[Device]) -> bool:
    """Whether a SCEP profile reaches one of the devices."""
    return any(source_of(profile) is Source.SCEP for device in devices for profile in device.profiles)


def tries_of(tx: Transaction, devices: Sequence[Device]) -> dict[str, dict[ProfileId, ScepTry]]:
    """Return the newest challenge of each device by each SCEP profile."""
    ids = [EnrollmentId(device.id) for device in devices]
    given = queries.challenges_of(tx.connection, tx.tenant.id, enrollment_ids=ids)
    newest = {(row.enrollment_id, row.profile_id): row for row in given}.values()
    pending = queries.pending_challenges(tx.connection, tx.tenant.id, challenge_ids=[row.id for row in newest])
    urls = {device.id: _urls(device) for device in devices}
    tries: dict[str, dict[ProfileId, ScepTry]] = {device.id: {} for device in devices}
    for row in newest:
        tries[row.enrollment_id][row.profile_id] = _try(
            row, url=urls[row.enrollment_id].get(row.profile_id, ""), is_pending=row.id in pending
        )
    return tries


def end_of_ra(tx: Transaction) -> datetime | None:
    """Return when the first of the RA certificates expires with which the tenant's SCEP server answers; None if it has
    none, or does not answer.
    """
    try:
        serving = ra_certificates.serving_connector(tx)
    except (NotFound, Unavailable):
        return None
    rows = queries.ra_certificate_rows(tx.connection, tx.tenant.id, connector_id=serving.id)
    return min((x509.load_der_x509_certificate(row.certificate).not_valid_after_utc for row in rows), default=None)


def _urls(device: Device) -> Mapping[ProfileId, str]:
    """The address at which the device requests, by SCEP profile."""
    named = {
        profile.id: [str(url) for url in profile.document.get("scepServerUrls") or ()]
        for profile in device.profiles
        if source_of(profile) is Source.SCEP
    }
    return {profile: url_for(urls, EnrollmentId(device.id)) for profile, urls in named.items() if urls}


def _try(row: ScepChallengeRow, *, url: str, is_pending: bool) -> ScepTry:
    outcome: JsonObject = row.outcome or {}
    code = outcome.get("code")
    reason = outcome.get("description") or outcome.get("reason") or ""
    is_refused = row.state == "refused"
    return ScepTry(
        id=row.id,
        given_at=row.created_at,
        expires_at=row.expires_at,
        state=row.state,
        code=None if code is None else str(code),
        mismatch=_MISMATCHES.get(ResultCode(str(code)), Mismatch.CHALLENGE) if is_refused else None,
        reason=str(reason),
        url=url,
        is_pending=is_pending,
    )
