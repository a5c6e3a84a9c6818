"""Which of Graph's words for the way of a certificate fits where it stands in the ledger.

Graph: certificateIssuanceStates, certificateRevocationStatus, keyUsages (beta). The members are documented by their
names alone. Unverified: which of them the real service shows when.

#: data
"""

from __future__ import annotations

from fauxtune.core.model.states import ItemState, Source

#: What has a certificate of the device's user.
SOURCES = (Source.PKCS, Source.IMPORTED, Source.SCEP)

#: certificateIssuanceState. What is missing cannot occur, and is `unknown`.
ISSUANCE: dict[tuple[Source, ItemState], str] = {
    # The connector, or the trusted root, is awaited.
    (Source.PKCS, ItemState.WANTED): "issuePending",
    (Source.PKCS, ItemState.SENT): "issued",
    (Source.PKCS, ItemState.INSTALLED): "installed",
    (Source.PKCS, ItemState.FAILED): "issueFailed",
    (Source.PKCS, ItemState.REMOVING): "removedFromCollection",
    (Source.PKCS, ItemState.KEPT): "removedFromCollection",
    (Source.PKCS, ItemState.REMOVED): "deleted",
    # Nothing is issued: the connector is asked for the file, encrypted anew for the device.
    (Source.IMPORTED, ItemState.WANTED): "requested",
    (Source.IMPORTED, ItemState.SENT): "issued",
    (Source.IMPORTED, ItemState.INSTALLED): "installed",
    (Source.IMPORTED, ItemState.FAILED): "responseProcessingFailed",
    (Source.IMPORTED, ItemState.REMOVING): "removedFromCollection",
    (Source.IMPORTED, ItemState.KEPT): "removedFromCollection",
    (Source.IMPORTED, ItemState.REMOVED): "deleted",
    # SCEP begins with a challenge; here there is none.
    (Source.SCEP, ItemState.FAILED): "challengeIssueFailed",
    (Source.SCEP, ItemState.REMOVED): "deleted",
}
#: The same where a device was given a certificate and refused it.
REFUSED_BY_DEVICE = "installFailed"
#: The same where a device has one, and the connector is asked for the next.
RENEWING = "renewalRequested"
OTHERWISE = "unknown"

#: certificateRevokeStatus: of what is on the CRL, and of all else. Revoking takes no time here: nothing is pending.
REVOKED, NOT_REVOKED = "revoked", "none"

#: The words of `certificateKeyUsage`, lowest bit first, as flags are written; it knows no others.
KEY_USAGES = ("keyEncipherment", "digitalSignature")
#: The bits of the number `certificateKeyUsages`: those of the extension's first byte (RFC 5280 4.2.1.3), as Windows
#: counts them. Unverified: that the service's number is this one.
KEY_USAGE_BITS = {
    "digitalSignature": 0x80,
    "nonRepudiation": 0x40,
    "keyEncipherment": 0x20,
    "dataEncipherment": 0x10,
    "keyAgreement": 0x08,
}
