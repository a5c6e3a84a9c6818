"""SCEP: one certificate for each device alone, with a key that the device generates.

Graph: iosScepCertificateProfile and its siblings; Intune: "Create and assign SCEP certificate profiles". Profiles are
stored and checked. Differs from Intune: no device is given a SCEP certificate, which the profile's status there shows.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fauxtune.core.errors import Invalid
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Problem, scep_key
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.certificate_settings import check_settings
from fauxtune.core.profiles.family import Family, Profile, Recipient

_NOT_BUILT = "SCEP delivery is not emulated yet: the profile is stored, but it gives no device a certificate."
#: The settings of the key and the request; only iOS has no choice of `hashAlgorithm`.
_KEY_SETTINGS = ("keySize", "keyUsage", "hashAlgorithm")


def _check(document: dict[str, Any]) -> None:
    urls = document.get("scepServerUrls") or ()
    if not urls:
        raise Invalid(
            "scepServerUrls is required: at least one address, such as 'https://ndes.contoso.example/certsrv/mscep'.",
            target="scepServerUrls",
        )
    for url in urls:
        _check_url(url)
    # Unverified: that the service requires these; its portal does.
    for name in _KEY_SETTINGS:
        if name in document and not document[name]:
            raise Invalid(f"{name} is required: the device needs it for its key and its request.", target=name)
    check_settings(document)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_http = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_http = False
    if not is_http or any(char.isspace() for char in url):
        raise Invalid(
            f"scepServerUrls: {url!r} is not an absolute http or https address, such as "
            "'https://ndes.contoso.example/certsrv/mscep/mscep.dll'.",
            target="scepServerUrls",
        )


def _items(profile: Profile, _recipient: Recipient) -> tuple[Item, ...]:
    problem = Problem(REMEDIATION_FAILED, _NOT_BUILT)
    return (Item(key=scep_key(profile.id), source=Source.SCEP, claims=(profile.claim,), problem=problem),)


FAMILY = Family(name="SCEP", check=_check, items=_items, source=Source.SCEP)
