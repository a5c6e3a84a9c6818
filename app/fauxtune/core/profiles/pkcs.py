"""PKCS: one certificate for this device alone, its key made by the connector.

Graph: androidWorkProfilePkcsCertificateProfile and its siblings; Intune: "Configure and use PKCS certificates".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Order, Problem, pkcs_key
from fauxtune.core.model.states import Authority, Source
from fauxtune.core.profiles import digicert
from fauxtune.core.profiles.certificate_settings import check_settings, names, subject, usages
from fauxtune.core.profiles.variables import without_user
from fauxtune.core.profiles.world import AuthorityFacts, Family, Profile, World

_DAYS = {"days": 1, "months": 30, "years": 365}
_RENEW_PERCENT = 20


def _check(document: dict[str, Any]) -> None:
    for name in ("certificationAuthority", "certificationAuthorityName", "certificateTemplateName"):
        if not document.get(name):
            raise Invalid(f"{name} is required: a PKCS certificate comes from a CA, by a template.", target=name)
    check_settings(document)


def _authority(document: dict[str, Any], world: World) -> AuthorityFacts | None:
    """The authority that the profile means; None where there is no such authority: the connector finds that out."""
    host, name = document["certificationAuthority"], document["certificationAuthorityName"]
    for each in world.authorities:
        # DigiCert's is named by three values, of which each must be right.
        named = each.name == name if each.kind is Authority.DIGICERT else each.name.lower() == name.lower()
        if each.host.lower() == host.lower() and named:
            _check_type(document, each)
            return each
    return None


def _check_type(document: dict[str, Any], authority: AuthorityFacts) -> None:
    """The kinds that say it twice must say the same."""
    said = document.get("certificationAuthorityType") or "notConfigured"
    meant = "digiCert" if authority.kind is Authority.DIGICERT else "microsoft"
    if said not in ("notConfigured", meant):
        raise Invalid(
            f"certificationAuthorityType is {said}, and '{authority.name}' at {authority.host} is a CA of the type "
            f"{meant}.",
            target="certificationAuthorityType",
        )


def _template(document: dict[str, Any], authority: AuthorityFacts | None) -> str:
    """The template's name as the authority spells it; a name that it does not have is asked for as it is."""
    wanted = str(document["certificateTemplateName"])
    known = () if authority is None else authority.templates
    return next((each for each in known if each.lower() == wanted.lower()), wanted)


def _order(document: dict[str, Any], world: World, *, authority: AuthorityFacts | None) -> Order:
    value, scale = document.get("certificateValidityPeriodValue"), document.get("certificateValidityPeriodScale")
    order = Order(
        authority_host=document["certificationAuthority"] if authority is None else authority.host,
        authority_name=document["certificationAuthorityName"] if authority is None else authority.name,
        template=_template(document, authority),
        subject=subject(document, world.variables),
        names=names(document, world.variables),
        extended_key_usages=usages(document),
        days=None if value is None else value * _DAYS[scale or "years"],
        renew_percent=document.get("renewalThresholdPercentage") or _RENEW_PERCENT,
    )
    if authority is None:
        return replace(order, authority=None)
    return order if authority.kind is Authority.MICROSOFT else _of_digicert(order, document, world=world)


def _of_digicert(order: Order, document: dict[str, Any], *, world: World) -> Order:
    """Its certificate profile says how long, and by which names. Unverified: that the profile's own validity is nothing
    to it.
    """
    named = digicert.subject(document, world.variables)
    alternatives = digicert.names(document, world.variables, subject=named)
    return replace(order, subject=named, names=alternatives, days=None, authority="digicert")


def _items(profile: Profile, world: World) -> tuple[Item, ...]:
    key, claims = pkcs_key(profile.id), (profile.claim,)
    try:
        authority = _authority(profile.document, world)
        order = _order(profile.document, world, authority=authority)
    except Invalid as error:
        problem = Problem(REMEDIATION_FAILED, error.message)
        return (Item(key=key, source=Source.PKCS, claims=claims, problem=problem),)
    # "The PKCS certificate profile for Windows platforms doesn't need to associate with a trusted certificate profile".
    digicerts = authority is not None and authority.kind is Authority.DIGICERT
    exempt = digicerts and profile.kind.startswith("windows")
    needs = authority.root_sha256 if authority is not None and world.require_trusted_root and not exempt else None
    personal = _names_the_user(profile.document, world, authority=authority)
    return (Item(key=key, source=Source.PKCS, claims=claims, order=order, needs_root=needs, personal=personal),)


def _names_the_user(document: dict[str, Any], world: World, *, authority: AuthorityFacts | None) -> bool:
    """Can the names not be filled in without what is known of the user?"""
    try:
        _order(document, replace(world, variables=without_user(world.variables)), authority=authority)
    except Invalid:
        return True
    return False


FAMILY = Family(name="PKCS", check=_check, items=_items, source=Source.PKCS)
