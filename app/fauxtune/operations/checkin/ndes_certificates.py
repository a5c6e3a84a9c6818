"""The certificates and CRLs that NDES gives to SCEP clients: GetCACert, GetNextCACert, GetCert, GetCRL (RFC 8894 4.2 to
4.7).
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509

from fauxtune.core.errors import FauxtuneError, Invalid, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki import scep, signed
from fauxtune.core.pki.names import serial_hex
from fauxtune.core.pki.scep import FailInfo, Kind, Refusal
from fauxtune.operations.ca import crl_and_ocsp
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries


def chain_of(tx: Transaction, certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return the RA certificates with those of the authorities that a client needs: the one that issues now, the one
    that issued these, and the root.
    """
    root, issuing = _authorities(tx)
    current = issuing[-1]
    issuers = [each for each in issuing[:-1] if any(_is_from(certificate, each) for certificate in certificates)]
    return [*certificates, *issuers, current, root]


def next_of(tx: Transaction, certificate: x509.Certificate) -> list[x509.Certificate]:
    """Return the certificate of the authority that has succeeded the issuer of this RA certificate, and the root.

    Raises NotFound if none has.

    Differs from AD CS: there the next certificate is known before it issues; here a rollover takes effect at once.
    """
    root, (*_, current) = _authorities(tx)
    if _is_from(certificate, current):
        raise NotFound("The certification authority has no next certificate.")
    return [current, root]


async def requested(emulator: Emulator, tenant: Tenant, *, request: scep.Request) -> bytes | Refusal:
    """Return the SignedData that a GetCert or GetCRL asks for, or the refusal."""
    try:
        issuer, serial = scep.identified(request.content)
    except Invalid as error:
        return Refusal(request.exchange, FailInfo.BAD_REQUEST, error.message)
    named = await emulator.runner.run(tenant, _named, issuer, serial=serial)
    if named is None:
        return Refusal(
            request.exchange,
            FailInfo.BAD_CERTIFICATE_ID,
            "No authority of this name issued a certificate of this number.",
        )
    authority, certificate = named
    if request.kind is Kind.GET_CERTIFICATE:
        return signed.certificates_only([certificate])
    try:
        crl = await crl_and_ocsp.crl(emulator, tenant, name=authority)
    except FauxtuneError as error:
        return Refusal(request.exchange, FailInfo.BAD_REQUEST, error.message)
    return signed.certificates_only([], crls=[crl])


def _named(tx: Transaction, issuer: bytes, *, serial: int) -> tuple[str, x509.Certificate] | None:
    """Return the issuing authority's name and the certificate of this issuer (DER) and number."""
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial_hex(serial))
    if row is None:
        return None
    certificate = x509.load_der_x509_certificate(row.certificate)
    return (row.authority, certificate) if certificate.issuer.public_bytes() == issuer else None


def _authorities(tx: Transaction) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """The certificate of the root, and those of the issuing authority's keys, the newest last."""
    rows = sorted(authority_queries.authorities_of(tx.connection, tx.tenant.id), key=lambda row: row.generation)
    (root,) = [x509.load_der_x509_certificate(row.certificate) for row in rows if row.role == "root"]
    return root, [x509.load_der_x509_certificate(row.certificate) for row in rows if row.role == "issuing"]


def _is_from(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the key of this authority signed the certificate, by their key identifiers."""
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == own
