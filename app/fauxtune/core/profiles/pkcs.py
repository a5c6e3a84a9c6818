"""PKCS: one certificate for this device alone, its key made by the connector.

Graph: androidWorkProfilePkcsCertificateProfile and its siblings; Intune: "Configure and use PKCS certificates".
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Order, Problem, pkcs_key
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.certificate_settings import check_settings, names, subject, usages
from fauxtune.core.profiles.world import AuthorityFacts, Family, Profile, World

_DAYS = {"days": 1, "months": 30, "years": 365}
_RENEW_PERCENT = 20


def _check(document: dict[str, Any]) -> None:
    for name in ("certificationAuthority", "certificationAuthorityName", "certificateTemplateName"):
        if not document.get(name):
            raise Invalid(f"{name} is required: a PKCS certificate comes from a CA, by a template.", target=name)
    check_settings(document)


def _authority(document: dict[str, Any], world: World) -> AuthorityFacts:
    host, name = document["certificationAuthority"], document["certificationAuthorityName"]
    known = ", ".join(f"'{each.name}' at {each.host}" for each in world.authorities) or "none"
    if document.get("certificationAuthorityType") == "digiCert":
        raise Invalid(f"certificationAuthorityType is digiCert, which the connector cannot reach. Known: {known}.")
    for each in world.authorities:
        if each.host.lower() == host.lower() and each.name.lower() == name.lower():
            return each
    raise Invalid(f"No certification authority '{name}' at {host} is known to the connector. Known: {known}.")


def _template(document: dict[str, Any], authority: AuthorityFacts) -> str:
    wanted = str(document["certificateTemplateName"])
    for each in authority.templates:
        if each.lower() == wanted.lower():
            return each
    known = ", ".join(authority.templates)
    raise Invalid(f"'{authority.name}' has no certificate template '{wanted}'. Its templates: {known}.")


def _order(document: dict[str, Any], world: World, *, authority: AuthorityFacts) -> Order:
    value, scale = document.get("certificateValidityPeriodValue"), document.get("certificateValidityPeriodScale")
    return Order(
        authority_host=authority.host,
        authority_name=authority.name,
        template=_template(document, authority),
        subject=subject(document, world.variables),
        names=names(document, world.variables),
        extended_key_usages=usages(document),
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


FAMILY = Family(name="PKCS", check=_check, items=_items, source=Source.PKCS)
