"""Rules only about certificates: their validity, their uses, and the addresses in them.

RFC 8550 (S/MIME 4.0 certificate handling) 3 and 4.4; RFC 5280 4.2.1.3 and 4.2.1.12; Intune: "Configure and use imported
PKCS certificates", "S/MIME overview to sign and encrypt email".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from fauxtune.core.engine.diagnosis.facts import Device, Facts, UserCertificate, device_name
from fauxtune.core.engine.diagnosis.findings import Observation, Severity, day, moment
from fauxtune.core.model.certificates import purpose as purpose_words
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.pki.contents import CertificateContents
from fauxtune.core.pki.template import EMAIL_PROTECTION

ENCRYPTION, SIGNING = "smimeEncryption", "smimeSigning"
#: A successor should exist when this much time is left.
_NOTICE = timedelta(days=30)
ANY_USAGE = "2.5.29.37.0"
#: The key usages of which a purpose needs at least one.
USAGES: dict[str, frozenset[str]] = {
    ENCRYPTION: frozenset({"keyEncipherment", "dataEncipherment", "keyAgreement"}),
    SIGNING: frozenset({"digitalSignature", "nonRepudiation"}),
}
_PER_DEVICE = (Source.PKCS, Source.SCEP)


def allows(contents: CertificateContents, purpose: str) -> bool:
    """Whether the key usage allows this purpose. Without the extension, every purpose is allowed."""
    needed = USAGES.get(purpose)
    return needed is None or contents.key_usage is None or bool(needed & contents.key_usage)


def usage_of(contents: CertificateContents) -> str:
    """The use that the key usage allows: signing, encryption, both or other."""
    words = {(True, True): "both", (True, False): "signing", (False, True): "encryption"}
    return words.get((allows(contents, SIGNING), allows(contents, ENCRYPTION)), "other")


def is_for_mail(contents: CertificateContents) -> bool:
    """Whether the extended key usages allow e-mail protection."""
    usages = contents.extended_usages
    return usages is None or bool(usages & {EMAIL_PROTECTION, ANY_USAGE})


def expired_without_successor(facts: Facts) -> Iterator[Observation]:
    """The newest imported certificate for a purpose has expired, or a device's own certificate has."""
    for purpose in _purposes(facts):
        newest = _newest(facts.imported(purpose))
        if newest is not None and newest.not_after is not None and newest.not_after <= facts.now:
            yield Observation(
                message=f"The newest certificate for {purpose_words(purpose)} expired on {day(newest.not_after)}, and "
                "no successor was imported.",
                fix="Import a new certificate for the same purpose, and keep the old ones for old mail. Imported "
                "certificates are not renewed automatically.",
                evidence={"purpose": purpose, "notAfter": moment(newest.not_after), "now": moment(facts.now)},
                certificate=newest.thumbprint,
            )
    for device, row in _own(facts):
        if row.not_after is not None and row.not_after <= facts.now:
            yield Observation(
                message=f"The certificate of {device_name(device)} expired on {day(row.not_after)} without renewal.",
                fix="Let the device check in, which renews the certificate if a connector answers.",
                evidence={"item": row.key, "notAfter": moment(row.not_after), "now": moment(facts.now)},
                certificate=row.thumbprint,
                device=device.id,
                profile=row.claims[0].profile if row.claims else None,
            )


def expires_soon(facts: Facts) -> Iterator[Observation]:
    """The newest imported certificate for a purpose has at most 30 days left."""
    for purpose in _purposes(facts):
        newest = _newest(facts.imported(purpose))
        if newest is not None and newest.not_after and facts.now < newest.not_after <= facts.now + _NOTICE:
            yield Observation(
                message=f"The newest certificate for {purpose_words(purpose)} expires on {day(newest.not_after)}, and "
                "no successor was imported.",
                fix="Import its successor now: imported certificates are not renewed automatically.",
                evidence={"purpose": purpose, "notAfter": moment(newest.not_after), "now": moment(facts.now)},
                certificate=newest.thumbprint,
            )


def gap_in_time(facts: Facts) -> Iterator[Observation]:
    """Between two encryption certificates there is a time when none is valid."""
    dated = [(certificate.not_before, certificate.not_after, certificate) for certificate in facts.imported(ENCRYPTION)]
    whole = sorted(
        ((begins, ends, certificate) for begins, ends, certificate in dated if begins is not None and ends is not None),
        key=lambda dates: (dates[0], dates[1], dates[2].thumbprint),
    )
    covered: list[tuple[datetime, UserCertificate]] = []
    for begins, ends, certificate in whole:
        if covered and begins > covered[-1][0]:
            yield _gap(covered[-1][0], begins, after=certificate, before=covered[-1][1], now=facts.now)
        if not covered or ends > covered[-1][0]:
            covered.append((ends, certificate))


def _gap(
    ended: datetime, begins: datetime, *, after: UserCertificate, before: UserCertificate, now: datetime
) -> Observation:
    is_now = ended <= now < begins
    return Observation(
        message=f"No encryption certificate is valid from {day(ended)} to {day(begins)}.",
        fix="Import a certificate that covers this time, if there was one; let each successor begin before its "
        "predecessor ends.",
        evidence={"from": moment(ended), "to": moment(begins), "before": before.thumbprint, "after": after.thumbprint},
        certificate=after.thumbprint,
        severity=Severity.ERROR if is_now else None,
    )


def purpose_key_usage(facts: Facts) -> Iterator[Observation]:
    """The key usage does not allow the purpose for which the certificate was imported."""
    for certificate in facts.imported():
        purpose = certificate.purpose or ""
        if certificate.contents is not None and not allows(certificate.contents, purpose):
            fitting = [word for word in USAGES if allows(certificate.contents, word)]
            advice = f"Import it for {purpose_words(fitting[0])}, or" if fitting else "Delete it, and"
            yield Observation(
                message=f"The certificate was imported for {purpose_words(purpose)}, which needs one of the key usages "
                f"{', '.join(sorted(USAGES[purpose]))}; it has {_words(certificate.contents.key_usage)}.",
                fix=f"{advice} import a certificate for {purpose_words(purpose)} that has such a key usage.",
                evidence={
                    "intendedPurpose": purpose,
                    "keyUsage": sorted(certificate.contents.key_usage or ()),
                    "needsOneOf": sorted(USAGES[purpose]),
                },
                certificate=certificate.thumbprint,
            )


def purpose_extended_usage(facts: Facts) -> Iterator[Observation]:
    """E-mail protection is not among the extended key usages."""
    for certificate in facts.imported():
        if certificate.purpose in USAGES and certificate.contents is not None and not is_for_mail(certificate.contents):
            usages = certificate.contents.extended_usages
            yield Observation(
                message=f"The certificate was imported for {purpose_words(certificate.purpose)}, but its extended key "
                f"usages do not allow e-mail protection: {_words(usages)}.",
                fix=f"Import a certificate with the extended key usage e-mail protection ({EMAIL_PROTECTION}).",
                evidence={"intendedPurpose": certificate.purpose, "extendedKeyUsages": sorted(usages or ())},
                certificate=certificate.thumbprint,
            )


def address_mismatch(facts: Facts) -> Iterator[Observation]:
    """A certificate that is in use for mail does not contain the user's primary SMTP address."""
    if facts.user is None:
        return
    mail = (facts.user.mail or "").casefold()
    for certificate, device, profile in _in_use(facts):
        assert certificate.contents is not None
        addresses = certificate.contents.addresses
        if mail and mail in (address.casefold() for address in addresses):
            continue
        yield Observation(
            message=f"The certificate is for {_words(addresses)}; the user's primary SMTP address is "
            f"{facts.user.mail or 'not set'}.",
            fix=f"Issue a certificate with the rfc822Name {facts.user.mail}, or correct the user's mail address."
            if mail
            else "Set the user's mail address (property mail).",
            evidence={"addresses": list(addresses), "primarySmtpAddress": facts.user.mail},
            certificate=certificate.thumbprint,
            device=device,
            profile=profile,
        )


def revoked_in_use(facts: Facts) -> Iterator[Observation]:
    """A device uses a certificate that is on the revocation list."""
    for purpose in _purposes(facts):
        valid = [
            certificate
            for certificate in facts.imported(purpose)
            if certificate.not_after and certificate.not_after > facts.now
        ]
        if valid and all(certificate.revoked_at is not None for certificate in valid):
            newest = _newest(valid)
            assert newest is not None
            yield _revoked(newest)
    for device, row in _own(facts):
        mine = facts.owned(row.thumbprint)
        if mine is not None and mine.revoked_at is not None and row.state in (ItemState.INSTALLED, ItemState.SENT):
            yield _revoked(mine, device=device.id, profile=row.claims[0].profile if row.claims else None)


def _revoked(certificate: UserCertificate, *, device: str | None = None, profile: str | None = None) -> Observation:
    return Observation(
        message=f"The certificate in use was revoked on {day(certificate.revoked_at)} ({certificate.reason}).",
        fix="Import a new certificate for the same purpose."
        if certificate.source is Source.IMPORTED
        else "Delete the certificate on the device, or remove the profile's assignment for a while: it is then "
        "issued again.",
        evidence={
            "revokedAt": moment(certificate.revoked_at),
            "reason": certificate.reason,
            "serial": certificate.serial,
        },
        certificate=certificate.thumbprint,
        device=device,
        profile=profile,
    )


def encryption_per_device(facts: Facts) -> Iterator[Observation]:
    """A certificate that only one of the user's several devices has allows encryption."""
    if facts.device_count < 2:
        return
    by_profile: dict[ProfileId, list[tuple[Device, LedgerRow]]] = {}
    for device, row in _own(facts):
        mine = facts.owned(row.thumbprint)
        if mine is None or mine.contents is None or mine.contents.key_usage is None or not row.claims:
            continue
        if allows(mine.contents, ENCRYPTION) and is_for_mail(mine.contents):
            by_profile.setdefault(row.claims[0].profile, []).append((device, row))
    for profile, holding in by_profile.items():
        names = ", ".join(device_name(device) for device, _ in holding)
        name = facts.names.get(profile, profile)
        yield Observation(
            message=f"The user has {facts.device_count} devices, and '{name}' gives each one "
            f"an encryption certificate of its own ({names}): mail that was encrypted for one device cannot be read on "
            "the others.",
            fix="Import one encryption certificate for all devices (imported PFX), and let those of the profile be for "
            "signing only: by its template, or for SCEP by its key usage.",
            evidence={
                "devices": [device.id for device, _ in holding],
                "certificates": [row.thumbprint for _, row in holding],
                "deviceCount": facts.device_count,
            },
            profile=profile,
        )


def _purposes(facts: Facts) -> list[str]:
    return sorted({certificate.purpose for certificate in facts.imported() if certificate.purpose})


def _newest(certificates: list[UserCertificate]) -> UserCertificate | None:
    dated = [
        (certificate.not_after, certificate.thumbprint, certificate)
        for certificate in certificates
        if certificate.not_after is not None
    ]
    return max(dated, key=lambda dates: dates[:2])[2] if dated else None


def _own(facts: Facts) -> Iterator[tuple[Device, LedgerRow]]:
    """The current certificates that were issued for only one device."""
    for device in facts.active:
        for row in device.rows.values():
            if row.source in _PER_DEVICE and row.thumbprint and row.state in (ItemState.SENT, ItemState.INSTALLED):
                yield device, row


def _in_use(facts: Facts) -> Iterator[tuple[UserCertificate, str | None, str | None]]:
    """The certificates for mail that have not expired, each with its device and profile if it is a device's own."""
    for certificate in facts.imported():
        is_current = certificate.not_after is not None and certificate.not_after > facts.now
        if certificate.purpose in USAGES and certificate.contents is not None and is_current:
            yield certificate, None, None
    for device, row in _own(facts):
        mine = facts.owned(row.thumbprint)
        if mine is None or mine.contents is None or EMAIL_PROTECTION not in (mine.contents.extended_usages or ()):
            continue
        yield mine, device.id, row.claims[0].profile if row.claims else None


def _words(values: frozenset[str] | tuple[str, ...] | None) -> str:
    return ", ".join(sorted(values or ())) or "none"
