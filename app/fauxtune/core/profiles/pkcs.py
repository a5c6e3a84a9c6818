"""PKCS: one certificate for this device alone, its key made by the connector.

Graph: androidWorkProfilePkcsCertificateProfile and its siblings; Intune: "Configure and use PKCS certificates".
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Order, Problem, pkcs_key
from fauxtune.core.model.states import Source
from fauxtune.core.pki.names import AlternativeNameKind, alternative_name, parse_subject
from fauxtune.core.pki.template import extended_key_usages
from fauxtune.core.profiles.variables import SUBJECT_FORMATS, expand
from fauxtune.core.profiles.world import AuthorityFacts, Family, Profile, World

_DAYS = {"days": 1, "months": 30, "years": 365}
_RENEW_PERCENT = 20
#: subjectAlternativeNameType flag -> the variable that fills it.
_NAME_FLAGS = {"emailAddress": "{{EmailAddress}}", "userPrincipalName": "{{UserPrincipalName}}"}


def _check(document: dict[str, Any]) -> None:
    for name in ("certificationAuthority", "certificationAuthorityName", "certificateTemplateName"):
        if not document.get(name):
            raise Invalid(f"{name} is required: a PKCS certificate comes from a CA, by a template.", target=name)
    percent = document.get("renewalThresholdPercentage")
    if percent is not None and not 1 <= percent <= 99:
        raise Invalid(
            f"renewalThresholdPercentage is {percent}; it must be 1 to 99.", target="renewalThresholdPercentage"
        )
    value = document.get("certificateValidityPeriodValue")
    if value is not None and value < 1:
        raise Invalid("certificateValidityPeriodValue must be at least 1.", target="certificateValidityPeriodValue")
    if document.get("subjectNameFormat") == "custom" and not document.get("subjectNameFormatString"):
        raise Invalid(
            "subjectNameFormat is custom, so subjectNameFormatString is required, such as 'CN={{UserName}}'.",
            target="subjectNameFormatString",
        )
    for each in document.get("customSubjectAlternativeNames") or ():
        if not each.get("name") or each.get("sanType") not in AlternativeNameKind.__members__.values():
            kinds = ", ".join(AlternativeNameKind)
            raise Invalid(
                f"An entry of customSubjectAlternativeNames needs a name and a sanType ({kinds}).",
                target="customSubjectAlternativeNames",
            )
    _usages(document)


def _usages(document: dict[str, Any]) -> tuple[str, ...]:
    return extended_key_usages(
        tuple(each.get("objectIdentifier") or "" for each in document.get("extendedKeyUsages") or ())
    )


def _authority(document: dict[str, Any], world: World) -> AuthorityFacts:
    host, name = document["certificationAuthority"], document["certificationAuthorityName"]
    for each in world.authorities:
        if each.host.lower() == host.lower() and each.name.lower() == name.lower():
            return each
    known = ", ".join(f"'{each.name}' at {each.host}" for each in world.authorities) or "none"
    raise Invalid(f"No certification authority '{name}' at {host} is known to the connector. Known: {known}.")


def _template(document: dict[str, Any], authority: AuthorityFacts) -> str:
    wanted = str(document["certificateTemplateName"])
    for each in authority.templates:
        if each.lower() == wanted.lower():
            return each
    known = ", ".join(authority.templates)
    raise Invalid(f"'{authority.name}' has no certificate template '{wanted}'. Its templates: {known}.")


def _subject(document: dict[str, Any], values: dict[str, str]) -> str:
    form = document.get("subjectNameFormat") or "commonName"
    text = document.get("subjectNameFormatString") or "" if form == "custom" else SUBJECT_FORMATS[form]
    subject = expand(text, values, escape=True)
    parse_subject(subject)
    return subject


def _names(document: dict[str, Any], values: dict[str, str]) -> tuple[tuple[str, str], ...]:
    names = [
        (flag, expand(_NAME_FLAGS[flag], values))
        for flag in (word.strip() for word in (document.get("subjectAlternativeNameType") or "").split(","))
        if flag in _NAME_FLAGS
    ]
    custom = document.get("customSubjectAlternativeNames") or ()
    names.extend((each["sanType"], expand(each["name"], values)) for each in custom)
    for kind, value in names:
        alternative_name(kind, value)
    return tuple(dict.fromkeys(names))


def _order(document: dict[str, Any], world: World, *, authority: AuthorityFacts) -> Order:
    value, scale = document.get("certificateValidityPeriodValue"), document.get("certificateValidityPeriodScale")
    return Order(
        authority_host=authority.host,
        authority_name=authority.name,
        template=_template(document, authority),
        subject=_subject(document, world.variables),
        names=_names(document, world.variables),
        extended_key_usages=_usages(document),
        days=None if value is None else value * _DAYS[scale or "years"],
        renew_percent=document.get("renewalThresholdPercentage") or _RENEW_PERCENT,
    )


def _items(profile: Profile, world: World) -> tuple[Item, ...]:
    key, claims = pkcs_key(profile.id), (profile.claim,)
    try:
        authority = _authority(profile.document, world)
        order = _order(profile.document, world, authority=authority)
    except Invalid as error:
        problem = Problem(REMEDIATION_FAILED, error.message)
        return (Item(key=key, source=Source.PKCS, claims=claims, problem=problem),)
    needs = authority.root_sha256 if world.require_trusted_root else None
    return (Item(key=key, source=Source.PKCS, claims=claims, order=order, needs_root=needs),)


FAMILY = Family(name="PKCS", check=_check, items=_items)
