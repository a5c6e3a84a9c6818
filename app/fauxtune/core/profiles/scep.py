"""SCEP: a certificate of its own for each device, with a key that the device generates.

Graph: iosScepCertificateProfile and its siblings; Intune: "Create and assign SCEP certificate profiles". A profile
refers to the trusted root of the authority that issues, which must be on the device first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from fauxtune.core.errors import Invalid
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Need, Problem, scep_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Changed, Edition, Stated
from fauxtune.core.profiles.certificate_settings import (
    RENEW_PERCENT,
    check_settings,
    days,
    names,
    subject,
    usages,
)
from fauxtune.core.profiles.family import Family, Profile, Recipient
from fauxtune.core.profiles.variables import without_user

_ROOT = "rootCertificate"
#: The settings of the key and the request; only iOS has no choice of `hashAlgorithm`.
_KEY_SETTINGS = ("keySize", "keyUsage", "hashAlgorithm")

_APPLE = (Variant.IOS, Variant.IPADOS, Variant.MACOS)
_OWNED = (Variant.ANDROID_FULLY_MANAGED, Variant.ANDROID_DEDICATED, Variant.ANDROID_CORPORATE_WORK_PROFILE)
_NOT_ON_AOSP = ("onPremisesSamAccountName", "OnPrem_Distinguished_Name", "Department")
#: Whether some variables are not for company-owned Android.
LACKS_VARIABLES: Changed[bool] = Changed(
    "Variables in SCEP profiles for company-owned Android",
    {
        Edition.APRIL_2020: Stated(
            False, "All variables. Unverified: the page says nothing of it.", "Create and use SCEP profiles, 2020-03"
        ),
        Edition.CURRENT: Stated(
            True,
            "AOSP has no `{{onPremisesSamAccountName}}`, `{{OnPrem_Distinguished_Name}}` and `{{Department}}`; fully "
            "managed, dedicated and corporate-owned devices with a work profile take no `{{UserName}}` in alternative "
            "names.",
            "Create and assign SCEP certificate profiles in Intune, 2025-06-26",
        ),
    },
)


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
    """Return what the profile asks one device to request. Raises Invalid if a variable has no value for it, or is not
    for devices of its kind.
    """
    if LACKS_VARIABLES.of(recipient.edition):
        _check_variables(document, recipient.variant)
    value, scale = document.get("certificateValidityPeriodValue"), document.get("certificateValidityPeriodScale")
    size = document.get("keySize")
    return ScepRequest(
        urls=tuple(document.get("scepServerUrls") or ()),
        subject=subject(document, recipient.variables),
        names=names(document, recipient.variables),
        key_usages=tuple(word.strip() for word in (document.get("keyUsage") or "").split(",") if word.strip()),
        key_size=None if size is None else int(size.removeprefix("size")),
        hash_algorithm=document.get("hashAlgorithm"),
        # Apple's SCEP payload has no key for them: there they are the authority's own.
        extended_key_usages=() if recipient.variant in _APPLE else usages(document),
        days=days(value, scale),
        renew_percent=document.get("renewalThresholdPercentage") or RENEW_PERCENT,
    )


def _check_variables(document: dict[str, Any], variant: Variant | None) -> None:
    custom = " ".join(
        str(custom_subject_alternative_name.get("name"))
        for custom_subject_alternative_name in document.get("customSubjectAlternativeNames") or ()
    ).lower()
    everywhere = f"{custom} {document.get('subjectNameFormatString') or ''}".lower()
    if variant is Variant.ANDROID_AOSP:
        missing = [name for name in _NOT_ON_AOSP if f"{{{{{name}}}}}".lower() in everywhere]
        if missing:
            raise Invalid(f"Android (AOSP) does not have the variable {{{{{missing[0]}}}}}.", target=missing[0])
    if variant in _OWNED and "{{username}}" in custom:
        raise Invalid("Company-owned Android does not take {{UserName}} in an alternative name.", target="UserName")


def _items(profile: Profile, recipient: Recipient) -> tuple[Item, ...]:
    item = Item(key=scep_key(profile.id), source=Source.SCEP, claims=(profile.claim,))
    try:
        request = _request(profile.document, recipient)
    except Invalid as error:
        return (replace(item, problem=Problem(REMEDIATION_FAILED, error.message)),)
    item = replace(
        item,
        request=request,
        fingerprint=request.fingerprint,
        personal=_names_the_user(profile.document, recipient),
    )
    root = profile.references.get(_ROOT)
    if root is not None:
        return (replace(item, needs=(Need(_ROOT, profile=root, name=recipient.names.get(root, root)),)),)
    # "When a device doesn't trust the root CA, the SCEP or PKCS certificate profile policy will fail."
    if recipient.require_trusted_root:
        problem = Problem(
            REMEDIATION_FAILED,
            f"{_ROOT} does not refer to a profile: bind it to the trusted-root profile with the root of the authority "
            "that issues, and assign that to the same group.",
        )
        return (replace(item, problem=problem),)
    return (item,)


def _names_the_user(document: dict[str, Any], recipient: Recipient) -> bool:
    """Whether the names need a property of the user."""
    try:
        _request(document, replace(recipient, variables=without_user(recipient.variables)))
    except Invalid:
        return True
    return False


FAMILY = Family(name="SCEP", check=_check, items=_items, source=Source.SCEP)
