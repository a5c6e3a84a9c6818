"""The Apple device that calls: the rules of binding, by which an identity certificate belongs to one device.

An identity certificate is bound to one device when that authenticates. What a message says about its sender is
believed only as far as it agrees with that; NanoMDM does the same (service/certauth).
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Invalid, NotAllowed, NotFound
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices.apple_enrollment import Known, recognise
from fauxtune.operations.devices.caller import live, refuse_ended
from fauxtune.operations.runtime.transaction import Transaction
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
