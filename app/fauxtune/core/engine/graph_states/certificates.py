"""Graph's names for the state of a certificate, by its source and its state in the ledger.

Graph: certificateIssuanceStates, certificateRevocationStatus, keyUsages (beta). The members are documented only by
their names. Unverified: which of them the real service shows when.

#: data
"""

from __future__ import annotations

from fauxtune.core.model.states import ItemState, Source

#: The sources of items that are a certificate of the device's user.
SOURCES = (Source.PKCS, Source.IMPORTED, Source.SCEP)

#: certificateIssuanceState. A combination that is not here cannot occur, and is `unknown`.
ISSUANCE: dict[tuple[Source, ItemState], str] = {
    # The connector, or the trusted root, is awaited.
    (Source.PKCS, ItemState.WANTED): "issuePending",
    (Source.PKCS, ItemState.SENT): "issued",
    (Source.PKCS, ItemState.INSTALLED): "installed",
    (Source.PKCS, ItemState.FAILED): "issueFailed",
    (Source.PKCS, ItemState.REMOVING): "removedFromCollection",
    (Source.PKCS, ItemState.KEPT): "removedFromCollection",
    (Source.PKCS, ItemState.REMOVED): "deleted",
    # Nothing is issued: the connector is asked for the file, encrypted for this device.
    (Source.IMPORTED, ItemState.WANTED): "requested",
    (Source.IMPORTED, ItemState.SENT): "issued",
    (Source.IMPORTED, ItemState.INSTALLED): "installed",
    (Source.IMPORTED, ItemState.FAILED): "responseProcessingFailed",
    (Source.IMPORTED, ItemState.REMOVING): "removedFromCollection",
    (Source.IMPORTED, ItemState.KEPT): "removedFromCollection",
    (Source.IMPORTED, ItemState.REMOVED): "deleted",
    # The trusted root is awaited, or the profile has a problem; then the challenge decides: see CHALLENGED.
    (Source.SCEP, ItemState.WANTED): "issuePending",
    (Source.SCEP, ItemState.SENT): "issuePending",
    (Source.SCEP, ItemState.INSTALLED): "installed",
    (Source.SCEP, ItemState.FAILED): "challengeIssueFailed",
    (Source.SCEP, ItemState.REMOVING): "removedFromCollection",
    (Source.SCEP, ItemState.KEPT): "removedFromCollection",
    (Source.SCEP, ItemState.REMOVED): "deleted",
}
#: certificateIssuanceState of a certificate that a device requests by SCEP, by the state of its last challenge.
CHALLENGED = {
    "given": "challengeIssued",
    "validated": "challengeValidationSucceeded",
    "refused": "challengeValidationFailed",
    "issued": "issued",
    "failed": "issueFailed",
}
#: The states of the last challenge that a failed item shows; with any other one it is REFUSED_BY_DEVICE.
NOT_GRANTED = ("refused", "failed")
#: certificateIssuanceState of a certificate that the device was offered and refused.
REFUSED_BY_DEVICE = "installFailed"
#: certificateIssuanceState while a device has a certificate and its successor is requested.
RENEWING = "renewalRequested"
OTHERWISE = "unknown"

#: certificateRevokeStatus of certificates on the CRL, and of all others. Revoking takes no time here: none is pending.
REVOKED, NOT_REVOKED = "revoked", "none"

#: The members of `certificateKeyUsage`, lowest bit first, as flags are written; it knows no others.
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
