"""The Apple device that calls: the rules of binding, by which an identity certificate belongs to one device.

An identity certificate is bound to one device when that authenticates. What a message says about its sender is
believed only as far as it agrees with that; NanoMDM does the same (service/certauth).
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Invalid, NotAllowed, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices.apple_enrollment import Known, recognise
from fauxtune.operations.devices.caller import is_live, live, refuse_ended
from fauxtune.operations.devices.credentials import digest
from fauxtune.operations.runtime.runner import Runner
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import EnrollmentRow


def holder(tx: Transaction, certificate: x509.Certificate) -> Known:
    """Return the identity that the certificate stands for.

    Raises Invalid if another authority issued it, EnrollmentEnded if this tenant did and has forgotten it since.
    """
    try:
        return recognise(tx, certificate.public_bytes(Encoding.DER))
    except NotFound:
        authority = authorities.certificate(tx.connection, tx.tenant, name="devices")
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        raise Invalid("The identity certificate was not issued by this tenant's device authority.") from None
    return refuse_ended(None)


def authenticated(tx: Transaction, certificate: x509.Certificate, *, hardware_key: str) -> Known:
    """Return the identity, which is bound to this hardware.

    Raises NotAllowed if it is bound to other hardware, Invalid if no Authenticate bound it yet; else as `holder`.
    """
    known = holder(tx, certificate)
    bound_to = known.identity.hardware_key
    if bound_to is None:
        raise Invalid("This identity belongs to no device yet: the first message is Authenticate.")
    if bound_to != hardware_key:
        raise NotAllowed("The identity certificate belongs to another device than the one that the message names.")
    return known


def enrolled(tx: Transaction, certificate: x509.Certificate, *, hardware_key: str) -> EnrollmentRow:
    """Return the enrolment of the device.

    Raises EnrollmentEnded if it has ended, Invalid if no TokenUpdate completed it yet; else as `authenticated`.
    """
    known = authenticated(tx, certificate, hardware_key=hardware_key)
    if known.enrollment is None:
        raise Invalid("The device is not enrolled yet: after Authenticate comes TokenUpdate.")
    return live(known.enrollment)


async def read_enrolled(
    runner: Runner, tenant: Tenant, *, certificate: x509.Certificate, hardware_key: str
) -> EnrollmentRow:
    """Return what `enrolled` returns, by one indexed read if the device is enrolled. Raises as `enrolled`."""
    key = digest(certificate.public_bytes(Encoding.DER))
    row = await runner.read(queries.enrollment_by_credential, key)
    is_ours = row is not None and row.tenant_id == tenant.id and row.hardware_key == hardware_key
    if row is not None and is_ours and is_live(row):
        return row
    return await runner.run(tenant, enrolled, certificate, hardware_key=hardware_key)
