"""Whose device it is, as far as the profile that enrolled it or the certificate that it was given says so.

Apple's protocol names no user. A server that wants the device to know says it in AssignedManagedAppleID, in the names
of the SCEP payload, or in the certificate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asn1crypto import core
from cryptography import x509

from fauxtune_sim.apple.mdm import MdmSettings
from fauxtune_sim.apple.payloads import SCEP, scep_settings
from fauxtune_sim.apple.profiles import Profile
from fauxtune_sim.certificates import addresses

_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3"


def principal(profile: Profile, settings: MdmSettings, *, certificate: x509.Certificate) -> str:
    """The user's principal name, or nothing."""
    return next((one for one in _candidates(profile, settings, certificate=certificate) if "@" in one), "")


def _candidates(profile: Profile, settings: MdmSettings, *, certificate: x509.Certificate) -> Iterator[str]:
    yield settings.account or ""
    for payload in profile.payloads:
        if payload.type == SCEP and payload.uuid == settings.identity:
            said = scep_settings(payload, {})
            yield from (*said.principal_names, *said.mail_names)
            yield from (value for part in said.subject for _, value in part)
    yield from _principal_names(certificate)
    yield from addresses(certificate)
    yield from (str(part.value) for part in certificate.subject)


def _principal_names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    others = [one for one in names.get_values_for_type(x509.OtherName) if one.type_id.dotted_string == _PRINCIPAL_NAME]
    return [text for one in others if (text := _text(one.value))]


def _text(der: bytes) -> str:
    try:
        value: Any = core.load(der).native
    except (ValueError, TypeError):
        return ""
    return value if isinstance(value, str) else ""
