"""Sentences on certificates and the CA."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from fauxtune.core.administration import imported
from fauxtune.core.administration.choices import INTENDED, Purpose
from fauxtune.core.administration.requests import delete_object
from fauxtune.core.clock import from_iso
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.provider_state_words import Reading
from fauxtune.operations.arrangement.assigning import connector_key, import_file
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.ca import counter, issuance
from fauxtune.operations.ca.counter import CounterRequest
from fauxtune.operations.connectors import revocation
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.certificates import IssuedCertificateRow

_MOST = 50
_ENCRYPTION, _SIGNING = "SmimeEncryption", "SmimeSigning"
#: The key usages of the certificates of these two templates.
_USAGE, _SIGNATURE = "keyEncipherment", "digitalSignature"
_PASSWORD = "fauxtune"  # noqa: S105 - of files that only the emulator makes and opens
_YEAR, _DAY = timedelta(days=365), timedelta(days=1)
#: How long a certificate and its successor are valid together.
_OVERLAP = timedelta(hours=1)
#: Certificates that expire on one day are alike.
_ALIKE = timedelta(hours=12)


async def has_encryption_certificates(scene: Scene, reading: Reading) -> None:
    """Have so many certificates imported, of which `part` have expired."""
    wanted = reading.number("count")
    expired = reading.number("part") if "part" in reading.words else 0
    if expired > wanted or wanted > _MOST:
        raise Invalid(f"A user has up to {_MOST} certificates, and no more of them have expired.", target="state")
    await scene.user(reading.words["user"])
    ends = [scene.now - _DAY - number * _YEAR for number in range(expired)]
    ends += [scene.now + _YEAR - number * _DAY for number in range(wanted - expired)]
    records = await _imported(scene, reading.words["user"])
    revoked = {row.thumbprint for row in await _issued(scene, reading.words["user"], usage=_USAGE) if row.revoked_at}
    old = [record for record in records if _end(record) <= scene.now]
    other = [record for record in records if record not in old]
    valid = [record for record in other if record["thumbprint"].lower() not in revoked]
    unfit = [record for record in other if record not in valid]
    for surplus in (*unfit, *old[expired:], *valid[wanted - expired :]):
        await scene.send(delete_object(imported.COLLECTION, surplus["id"]))
    missing = ends[:expired][len(old) :] + ends[expired:][len(valid) :]
    for end in missing:
        await _import_new(scene, reading.words["user"], end=end)


async def encryption_certificate_expires(scene: Scene, reading: Reading) -> None:
    """Have one certificate imported, which ends in so many days."""
    await _has_one_that_ends(scene, reading, end=_in_days(scene, reading))


async def encryption_certificate_has_expired(scene: Scene, reading: Reading) -> None:
    """Have one certificate imported, which ended yesterday, or before."""
    records = await _imported(scene, reading.words["user"])
    if len(records) != 1 or _end(records[0]) > scene.now:
        await _has_one_that_ends(scene, reading, end=scene.now - _DAY)


async def encryption_certificate_was_revoked(scene: Scene, reading: Reading) -> None:
    """Revoke the newest imported certificate."""
    await _revoke(scene, await _newest_encryption(scene, reading), reason="keyCompromise")


async def encryption_certificate_is_on_hold(scene: Scene, reading: Reading) -> None:
    """Put the newest imported certificate on hold."""
    row = await _newest_encryption(scene, reading)
    if row.reason != "certificateHold":
        if row.revoked_at is not None:
            await scene.user(reading.words["user"])
            await _import_new(scene, reading.words["user"], end=scene.now + _YEAR)
            row = await _newest_encryption(scene, reading)
        await _revoke(scene, row, reason="certificateHold")


async def has_signing_certificate(scene: Scene, reading: Reading) -> None:
    """Have a signing certificate that is valid."""
    rows = await _issued(scene, reading.words["user"], usage=_SIGNATURE)
    if not any(row.revoked_at is None and row.not_after > scene.now for row in rows):
        await _issue(scene, reading.words["user"], template=_SIGNING, end=scene.now + _YEAR)


async def signing_certificate_was_revoked(scene: Scene, reading: Reading) -> None:
    """Revoke the newest signing certificate."""
    rows = await _issued(scene, reading.words["user"], usage=_SIGNATURE)
    if not rows:
        await _issue(scene, reading.words["user"], template=_SIGNING, end=scene.now + _YEAR)
        rows = await _issued(scene, reading.words["user"], usage=_SIGNATURE)
    await _revoke(scene, rows[0], reason="keyCompromise")


async def signing_certificate_expires(scene: Scene, reading: Reading) -> None:
    """Have a signing certificate that ends in so many days."""
    end = _in_days(scene, reading)
    rows = await _issued(scene, reading.words["user"], usage=_SIGNATURE)
    if not any(row.revoked_at is None and abs(row.not_after - end) <= _ALIKE for row in rows):
        await _issue(scene, reading.words["user"], template=_SIGNING, end=end)


async def issuing_authority_was_rolled_over(scene: Scene, reading: Reading) -> None:
    """Give the issuing CA a new key, if it still has its first one."""
    row = await scene.read(authority_queries.current_issuing, scene.tenant.id)
    if row.name == "issuing":
        await scene.do(revocation.roll_over(scene.emulator, scene.tenant, name=row.name))


async def issuing_authority_is_out_of_service(scene: Scene, reading: Reading) -> None:
    """Take the issuing CA out of service."""
    await _set_state(scene, "unavailable")


async def issuing_authority_is_in_service(scene: Scene, reading: Reading) -> None:
    """Put the issuing CA into service."""
    await _set_state(scene, "available")


async def template_is_gone(scene: Scene, reading: Reading) -> None:
    """Delete the certificate template."""
    template = await scene.look(issuance.find, reading.words["template"])
    if template is not None:
        await scene.run(issuance.delete_template, "issuing", name=template.name)


async def _has_one_that_ends(scene: Scene, reading: Reading, *, end: datetime) -> None:
    await scene.user(reading.words["user"])
    records = await _imported(scene, reading.words["user"])
    kept = [record for record in records if abs(_end(record) - end) <= _ALIKE][:1]
    for record in records:
        if record not in kept:
            await scene.send(delete_object(imported.COLLECTION, record["id"]))
    if not kept:
        await _import_new(scene, reading.words["user"], end=end)


async def _import_new(scene: Scene, user: str, *, end: datetime) -> None:
    """Have the CA make a certificate for encryption that ends then, and import it."""
    key = await connector_key(scene)
    request = _request(scene, user, template=_ENCRYPTION, end=end)
    issued = await scene.do(counter.issue(scene.emulator, scene.tenant, request=request))
    assert issued.pfx is not None, "the CA makes the key of a request without a CSR"
    record = await import_file(scene, issued.pfx, password=_PASSWORD, user=user, purpose=Purpose.ENCRYPTION, key=key)
    scene.values |= {"certificateId": record["id"], "thumbprint": record["thumbprint"]}


async def _issue(scene: Scene, user: str, *, template: str, end: datetime) -> None:
    await scene.user(user)
    await scene.do(
        counter.issue(scene.emulator, scene.tenant, request=_request(scene, user, template=template, end=end))
    )


def _request(scene: Scene, user: str, *, template: str, end: datetime) -> CounterRequest:
    return CounterRequest(
        template=template,
        user_principal_name=scene.principal_name(user),
        # One that has expired was valid for a year, like all others; and its successor began an hour before it ended.
        not_before=min(end - _YEAR - _OVERLAP, scene.now - _DAY - _OVERLAP),
        not_after=end,
        pfx_password=_PASSWORD,
    )


async def _imported(scene: Scene, user: str) -> list[JsonObject]:
    """Return the records that were imported for the user's encrypted mail, those that end first first."""
    records = await scene.listed(imported.COLLECTION, userPrincipalName=scene.principal_name(user))
    purpose = INTENDED[Purpose.ENCRYPTION]
    return sorted((record for record in records if record["intendedPurpose"] == purpose), key=_end)


async def _newest_encryption(scene: Scene, reading: Reading) -> IssuedCertificateRow:
    """Return the imported certificate that ends last and that the tenant's CA issued; one is imported without any."""
    user = reading.words["user"]
    await scene.user(user)
    for _ in range(2):
        thumbprints = [record["thumbprint"].lower() for record in await _imported(scene, user)]
        rows = {row.thumbprint: row for row in await _issued(scene, user, usage=_USAGE)}
        known = [rows[thumbprint] for thumbprint in reversed(thumbprints) if thumbprint in rows]
        if known:
            scene.values["thumbprint"] = known[0].thumbprint
            return known[0]
        await _import_new(scene, user, end=scene.now + _YEAR)
    raise AssertionError("what was imported just now is there")


async def _issued(scene: Scene, user: str, *, usage: str) -> Sequence[IssuedCertificateRow]:
    """Return the user's certificates for a usage, the newest validity first."""
    upn = scene.principal_name(user)
    row = await scene.read(directory_queries.user_by_upn, scene.tenant.id, upn=upn)
    if row is None:
        return ()
    rows = await scene.read(certificate_queries.issued, scene.tenant.id, user_id=UserId(row.id))
    return [certificate for certificate in rows if usage in certificate.key_usage]


async def _revoke(scene: Scene, row: IssuedCertificateRow, *, reason: str) -> None:
    scene.values |= {"serialNumber": row.serial, "thumbprint": row.thumbprint}
    if row.revoked_at is None:
        await scene.run(
            revocation.revoke, row.serial, reason=reason, authority_name=row.authority, device=row.enrollment_id
        )


async def _set_state(scene: Scene, state: str) -> None:
    row = await scene.read(authority_queries.current_issuing, scene.tenant.id)
    if row.state != state:
        await scene.do(revocation.set_state(scene.emulator, scene.tenant, name=row.name, state=state))


def _in_days(scene: Scene, reading: Reading) -> datetime:
    return scene.now + reading.number("count") * _DAY


def _end(record: JsonObject) -> datetime:
    return from_iso(record["expirationDateTime"])
