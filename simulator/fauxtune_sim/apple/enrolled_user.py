"""The user of an enrolled device, by the enrolment profile or the identity certificate.

Apple's protocol does not name a user. A server can name the user in AssignedManagedAppleID, in the names of the SCEP
payload, or in the certificate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asn1crypto import core
from cryptography import x509

from fauxtune_sim.apple.mdm import MdmSettings
from fauxtune_sim.apple.payloads import SCEP, scep_settings
from fauxtune_sim.apple.profiles import Profile
from fauxtune_sim.keys.certificates import addresses

_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3"


def enrolled_user(profile: Profile, settings: MdmSettings, *, certificate: x509.Certificate) -> str:
    """The user principal name of the device's user, or "" if nothing names the user."""
    return next((name for name in _candidates(profile, settings, certificate=certificate) if "@" in name), "")


def _candidates(profile: Profile, settings: MdmSettings, *, certificate: x509.Certificate) -> Iterator[str]:
    yield settings.account or ""
    for payload in profile.payloads:
        if payload.type == SCEP and payload.uuid == settings.identity:
            scep = scep_settings(payload, {}).request
            yield from (*scep.principal_names, *scep.mail_names)
            yield from (value for part in scep.subject for _, value in part)
    yield from _principal_names(certificate)
    yield from addresses(certificate)
    yield from (str(part.value) for part in certificate.subject)


def _principal_names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    others = [
        name for name in names.get_values_for_type(x509.OtherName) if name.type_id.dotted_string == _PRINCIPAL_NAME
    ]
    return [text for name in others if (text := _text(name.value))]


def _text(der: bytes) -> str:
    try:
        value: Any = core.load(der).native
    except (ValueError, TypeError):
        return ""
    return value if isinstance(value, str) else ""
