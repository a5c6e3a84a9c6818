"""PKCS: a certificate of its own for each device, with a key that the connector generates.

Graph: androidWorkProfilePkcsCertificateProfile and its siblings; Intune: "Configure and use PKCS certificates".

A profile may name a CA of DigiCert (formerly Symantec). Intune: "Set up Intune Certificate Connector for DigiCert PKI
Platform": three values name it, and all of them must be right; the CA accepts the names in the table "Supported
attributes for the PKCS certificate profile".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Order, Problem, pkcs_key
from fauxtune.core.model.states import Authority, Source
from fauxtune.core.pki.names import parse_subject
from fauxtune.core.profiles.certificate_settings import RENEW_PERCENT, check_settings, days, names, subject, usages
from fauxtune.core.profiles.family import AuthorityFacts, Family, Profile, Recipient
from fauxtune.core.profiles.variables import SUBJECT_FORMATS, without_user

_SUBJECTS = ("commonName", "commonNameIncludingEmail", "commonNameAsEmail")
_EMAIL, _UPN = "emailAddress", "userPrincipalName"


def _check(document: dict[str, Any]) -> None:
    for name in ("certificationAuthority", "certificationAuthorityName", "certificateTemplateName"):
        if not document.get(name):
            raise Invalid(f"{name} is required: a PKCS certificate comes from a CA, by a template.", target=name)
    check_settings(document)


def _authority(document: dict[str, Any], recipient: Recipient) -> AuthorityFacts | None:
    """The authority that the profile names; None if there is no such authority, which the connector then refuses."""
    host, name = document["certificationAuthority"], document["certificationAuthorityName"]
    for authority in recipient.authorities:
        # DigiCert's is named by three values, each of which must be exact.
        digicerts = authority.kind is Authority.DIGICERT
        is_named = authority.name == name if digicerts else authority.name.lower() == name.lower()
        if authority.host.lower() == host.lower() and is_named:
            _check_type(document, authority)
            return authority
    return None


def _check_type(document: dict[str, Any], authority: AuthorityFacts) -> None:
    """Check the authority's type in those kinds of profiles that also contain it."""
    stated = document.get("certificationAuthorityType") or "notConfigured"
    actual = "digiCert" if authority.kind is Authority.DIGICERT else "microsoft"
    if stated not in ("notConfigured", actual):
        raise Invalid(
            f"certificationAuthorityType is {stated}, but '{authority.name}' at {authority.host} is a CA of the type "
            f"{actual}.",
            target="certificationAuthorityType",
        )


def _template(document: dict[str, Any], authority: AuthorityFacts | None) -> str:
    """The template's name as the authority spells it; a name that it does not know is requested as it is."""
    name = str(document["certificateTemplateName"])
    known = () if authority is None else authority.templates
    return next((one for one in known if one.lower() == name.lower()), name)


def _order(document: dict[str, Any], recipient: Recipient, *, authority: AuthorityFacts | None) -> Order:
    value, scale = document.get("certificateValidityPeriodValue"), document.get("certificateValidityPeriodScale")
    order = Order(
        authority_host=document["certificationAuthority"] if authority is None else authority.host,
        authority_name=document["certificationAuthorityName"] if authority is None else authority.name,
        template=_template(document, authority),
        subject=subject(document, recipient.variables),
        names=names(document, recipient.variables),
        extended_key_usages=usages(document),
        days=days(value, scale),
        renew_percent=document.get("renewalThresholdPercentage") or RENEW_PERCENT,
    )
    if authority is None:
        return replace(order, authority=None)
    return order if authority.kind is Authority.MICROSOFT else _of_digicert(order, document, recipient=recipient)


def _of_digicert(order: Order, document: dict[str, Any], *, recipient: Recipient) -> Order:
    """The order for DigiCert's CA, whose certificate profile decides the validity and the names. Unverified: that it
    ignores the validity of the profile.
    """
    named = digicert_subject(document, recipient.variables)
    alternatives = digicert_names(document, recipient.variables, subject=named)
    return replace(order, subject=named, names=alternatives, days=None, authority="digicert")


def _items(profile: Profile, recipient: Recipient) -> tuple[Item, ...]:
    key, claims = pkcs_key(profile.id), (profile.claim,)
    try:
        authority = _authority(profile.document, recipient)
        order = _order(profile.document, recipient, authority=authority)
    except Invalid as error:
        problem = Problem(REMEDIATION_FAILED, error.message)
        return (Item(key=key, source=Source.PKCS, claims=claims, problem=problem),)
    # "The PKCS certificate profile for Windows platforms doesn't need to associate with a trusted certificate profile".
    digicerts = authority is not None and authority.kind is Authority.DIGICERT
    exempt = digicerts and profile.kind.startswith("windows")
    needs = authority.root_sha256 if authority is not None and recipient.require_trusted_root and not exempt else None
    personal = _names_the_user(profile.document, recipient, authority=authority)
    return (Item(key=key, source=Source.PKCS, claims=claims, order=order, needs_root=needs, personal=personal),)


def _names_the_user(document: dict[str, Any], recipient: Recipient, *, authority: AuthorityFacts | None) -> bool:
    """Whether the names need a property of the user."""
    try:
        _order(document, replace(recipient, variables=without_user(recipient.variables)), authority=authority)
    except Invalid:
        return True
    return False


def digicert_subject(document: dict[str, Any], values: Mapping[str, str | None]) -> str:
    """The subject. Raises Invalid for a format that DigiCert's CA does not accept."""
    form = document.get("subjectNameFormat") or "commonName"
    text = (document.get("subjectNameFormatString") or "").replace(" ", "").lower()
    known = {SUBJECT_FORMATS[form].replace(" ", "").lower() for form in _SUBJECTS}
    if form not in _SUBJECTS and not (form == "custom" and text in known):
        raise Invalid(
            f"DigiCert's CA accepts the subject name formats {', '.join(_SUBJECTS)}, not {form}: further attributes "
            "are fixed values of its certificate profile.",
            target="subjectNameFormat",
        )
    return subject(document, values)


def digicert_names(
    document: dict[str, Any], values: Mapping[str, str | None], *, subject: str
) -> tuple[tuple[str, str], ...]:
    """The subject alternative names, always e-mail address and principal name: a missing one is filled with the other,
    or with the subject's value if that has the format of an e-mail address. Raises Invalid if none of these exists, and
    for other kinds of names.
    """
    requested = dict(names(document, values))
    others = requested.keys() - {_EMAIL, _UPN}
    if others:
        raise Invalid(
            f"DigiCert's CA accepts the alternative names {_EMAIL} and {_UPN}, not {', '.join(sorted(others))}.",
            target="customSubjectAlternativeNames",
        )
    value = requested.get(_EMAIL) or requested.get(_UPN) or _address_in(subject)
    if value is None:
        raise Invalid(
            "DigiCert's CA needs an e-mail address or a principal name in the subject alternative name, or a subject "
            "in the format of an e-mail address.",
            target="subjectAlternativeNameType",
        )
    return ((_EMAIL, requested.get(_EMAIL) or value), (_UPN, requested.get(_UPN) or value))


def _address_in(subject: str) -> str | None:
    for attribute in parse_subject(subject):
        local, at, host = str(attribute.value).partition("@")
        if local and at and "." in host:
            return str(attribute.value)
    return None


FAMILY = Family(name="PKCS", check=_check, items=_items, source=Source.PKCS)
