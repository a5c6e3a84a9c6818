"""What a device and an authority do about a certificate by SCEP, without the messages of RFC 8894.

The device makes the request that it was given; the authority asks the service whether it may issue, as Microsoft's
does through NDES and any other by the API for partners, and says what it issued.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.clock import iso
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.scep import ScepDelivery, ScepRequest
from fauxtune.core.pki.names import alternative_name, parse_subject, serial_hex, subject_text, thumbprint
from fauxtune.core.scep.challenge import Verdict
from fauxtune.operations.ca import authorities
from fauxtune.operations.ca import issuance as certificate_register
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.checkin.scep_challenges import AuthorityRequest
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries

if TYPE_CHECKING:
    from tests.support.tenant import Contoso

#: Where the tenant's own authority stands, and one that is not the tenant's.
NDES = "https://ndes.contoso.example/certsrv/mscep/mscep.dll"
PARTNER = "https://ca.partner.example/scep"
_USAGES = {"keyEncipherment": "key_encipherment", "digitalSignature": "digital_signature"}
_OTHERS = ("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
_serials = count(1)


def scep_request(request: ScepRequest, challenge: str, *, key: RSAPrivateKey) -> x509.CertificateSigningRequest:
    """Return the certificate request for what a profile asks for."""
    builder = x509.CertificateSigningRequestBuilder(parse_subject(request.subject))
    for extension, critical in extensions(request):
        builder = builder.add_extension(extension, critical=critical)
    builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
    return builder.sign(key, hashes.SHA256())


def extensions(request: ScepRequest) -> list[tuple[x509.ExtensionType, bool]]:
    """Return the extensions that a profile asks for, each with whether it is critical."""
    usages = dict.fromkeys((*_OTHERS, *_USAGES.values(), "encipher_only", "decipher_only"), False)
    usages |= dict.fromkeys((_USAGES[word] for word in request.key_usages), True)
    known: list[tuple[x509.ExtensionType, bool]] = [(x509.KeyUsage(**usages), True)]
    if request.names:
        known.append((x509.SubjectAlternativeName([alternative_name(*pair) for pair in request.names]), False))
    if request.extended_key_usages:
        oids = [x509.ObjectIdentifier(usage) for usage in request.extended_key_usages]
        known.append((x509.ExtendedKeyUsage(oids), False))
    return known


@dataclass
class ScepAuthorities:
    """The authorities behind the addresses of profiles: a partner's behind PARTNER, else the tenant's own.

    `keys` are those of devices. `refuses`: it grants nothing. `adds` is what it puts into certificates besides, or in
    place of an extension that was asked for; `drops` it leaves out. `reports`: it says what it issued.
    """

    partner_key: RSAPrivateKey
    keys: Sequence[RSAPrivateKey]
    refuses: bool = False
    reports: bool = True
    adds: Sequence[x509.ExtensionType] = ()
    drops: Sequence[type[x509.ExtensionType]] = ()
    #: The certificates that were issued, by thumbprint.
    issued: dict[str, x509.Certificate] = field(default_factory=dict)

    async def certificate_for(
        self, contoso: Contoso, device: EnrollmentId, *, delivery: ScepDelivery, row: LedgerRow
    ) -> str | None:
        """Let a device request what it was given; the thumbprint of its certificate, or None if it was refused."""
        assert delivery.challenge, "there is nothing to be requested"
        csr = scep_request(delivery.request, delivery.challenge, key=self.keys[len(self.issued) % len(self.keys)])
        asked = AuthorityRequest(
            f"t{next(_serials)}",
            base64.b64encode(csr.public_bytes(Encoding.DER)).decode(),
            signer=self.issued[row.thumbprint or ""] if delivery.renews else None,
        )
        keys = contoso.emulator.keys
        verdict: Verdict = await contoso.do(scep_challenges.validate_request, asked, keys=keys)
        assert verdict.is_success, verdict
        if self.refuses:
            await contoso.do(scep_challenges.note_failed, asked, report={"reason": "No."}, keys=keys)
            return None
        issue = self._issue_as_partner if delivery.url == PARTNER else self._issue
        certificate: x509.Certificate = await contoso.do(
            issue, device, csr=csr, request=delivery.request, row=row, keys=keys
        )
        self.issued[thumbprint(certificate)] = certificate
        if not self.reports:
            return thumbprint(certificate)
        report = {
            "thumbprint": thumbprint(certificate).upper(),
            "serialNumber": serial_hex(certificate),
            "expiration": iso(certificate.not_valid_after_utc),
            "issuer": subject_text(certificate.issuer),
        }
        noted: Verdict = await contoso.do(scep_challenges.note_issued, asked, report=report, keys=keys)
        assert noted.is_success, noted
        return thumbprint(certificate)

    def _issue(
        self, tx: Transaction, device: EnrollmentId, *, row: LedgerRow, keys: KeyStore, **of: Any
    ) -> x509.Certificate:
        authority = authorities.issuer(tx, keys=keys)
        certificate = self._certificate(tx, issuer=authority.certificate.subject, key=authority.key, **of)
        enrollment = device_queries.enrollment(tx.connection, device)
        assert enrollment is not None
        certificate_register.note(
            tx,
            certificate,
            authority_name=authority.name,
            template="SmimeSigning",
            key_usage=["digitalSignature"],
            user_id=enrollment.user_id,
            enrollment_id=device,
            item_key=row.key,
            profile_id=row.claims[0].profile,
        )
        return certificate

    def _issue_as_partner(
        self, tx: Transaction, _device: EnrollmentId, *, row: LedgerRow, keys: KeyStore, **of: Any
    ) -> x509.Certificate:
        name = x509.Name.from_rfc4514_string("CN=Partner CA")
        return self._certificate(tx, issuer=name, key=self.partner_key, **of)

    def _certificate(
        self,
        tx: Transaction,
        *,
        issuer: x509.Name,
        key: Any,
        csr: x509.CertificateSigningRequest,
        request: ScepRequest,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(csr.subject)
            .issuer_name(issuer)
            .public_key(csr.public_key())
            .serial_number(tx.ids.serial())
            .not_valid_before(tx.now)
            .not_valid_after(tx.now + timedelta(days=request.days or 365))
        )
        replaced = {type(add) for add in self.adds} | set(self.drops)
        for extension, critical in extensions(request):
            if type(extension) not in replaced:
                builder = builder.add_extension(extension, critical=critical)
        for extension in self.adds:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(key, hashes.SHA256())
