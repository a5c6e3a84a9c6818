"""The SCEP payload of a certificate that a device requests itself: com.apple.security.scep.

Apple: "Device Management", SCEP. It has no key for extended key usages, and none for a hash algorithm.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from fauxtune.core.model.scep import ScepDelivery
from fauxtune.core.pki.names import parse_subject
from fauxtune.surfaces.devices.apple import eas

Payload = dict[str, Any]

#: Apple: these types have names, all others are object identifiers.
_TYPES = {
    NameOID.COUNTRY_NAME: "C",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COMMON_NAME: "CN",
}
_NAMES = {
    "emailAddress": "rfc822Name",
    "domainNameService": "dNSName",
    "universalResourceIdentifier": "uniformResourceIdentifier",
    "userPrincipalName": "ntPrincipalName",
}
_USAGES = {"digitalSignature": 1, "keyEncipherment": 4}
#: Apple's defaults: three retries, ten seconds apart.
_RETRIES, _RETRY_DELAY = 3, 10


def content(delivery: ScepDelivery) -> Payload:
    """Return the PayloadContent with which a device requests its certificate."""
    request = delivery.request
    payload: Payload = {
        "URL": eas.text(delivery.url),
        "Subject": [[_pair(each) for each in part] for part in parse_subject(request.subject).rdns],
        "Challenge": delivery.challenge,
        "Keysize": request.bits,
        "Key Type": "RSA",
        "Key Usage": sum(_USAGES[word] for word in request.key_usages),
        "Retries": _RETRIES,
        "RetryDelay": _RETRY_DELAY,
    }
    if names := _alternative_names(request.names):
        payload["SubjectAltName"] = names
    if delivery.ca_thumbprint is not None:
        payload["CAFingerprint"] = bytes.fromhex(delivery.ca_thumbprint)
    return payload


def _pair(attribute: x509.NameAttribute[Any]) -> list[str]:
    return [_TYPES.get(attribute.oid, attribute.oid.dotted_string), eas.text(str(attribute.value))]


def _alternative_names(names: tuple[tuple[str, str], ...]) -> Payload:
    """The names by Apple's keys: a text, or several in an array (apple/device-management, com.apple.security.scep)."""
    values: dict[str, list[str]] = {}
    for kind, name in names:
        values.setdefault(_NAMES[kind], []).append(eas.text(name))
    return {key: texts[0] if len(texts) == 1 else texts for key, texts in values.items()}
