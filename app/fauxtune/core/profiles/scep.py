"""SCEP: one certificate for each device alone, with a key that the device generates.

Graph: iosScepCertificateProfile and its siblings; Intune: "Create and assign SCEP certificate profiles". Profiles are
stored and checked, and say what each device would request. Differs from Intune: no device is asked to, which the
profile's status there shows; a challenge for its request is given at the control surface.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from fauxtune.core.errors import Invalid
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Problem, scep_key
from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.certificate_settings import (
    RENEW_PERCENT,
    check_settings,
    days,
    names,
    subject,
    usages,
)
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


def _request(document: dict[str, Any], recipient: Recipient) -> ScepRequest:
    """Return what the profile asks one device to request. Raises Invalid if a variable has no value for it."""
    value, scale = document.get("certificateValidityPeriodValue"), document.get("certificateValidityPeriodScale")
    size = document.get("keySize")
    return ScepRequest(
        urls=tuple(document.get("scepServerUrls") or ()),
        subject=subject(document, recipient.variables),
        names=names(document, recipient.variables),
        key_usages=tuple(word.strip() for word in (document.get("keyUsage") or "").split(",") if word.strip()),
        key_size=None if size is None else int(size.removeprefix("size")),
        hash_algorithm=document.get("hashAlgorithm"),
        extended_key_usages=usages(document),
        days=days(value, scale),
        renew_percent=document.get("renewalThresholdPercentage") or RENEW_PERCENT,
    )


def _items(profile: Profile, recipient: Recipient) -> tuple[Item, ...]:
    request, problem = None, Problem(REMEDIATION_FAILED, _NOT_BUILT)
    try:
        request = _request(profile.document, recipient)
    except Invalid as error:
        problem = Problem(REMEDIATION_FAILED, f"{_NOT_BUILT} {error.message}")
    item = Item(key=scep_key(profile.id), source=Source.SCEP, claims=(profile.claim,), problem=problem)
    return (replace(item, request=request),)


FAMILY = Family(name="SCEP", check=_check, items=_items, source=Source.SCEP)
