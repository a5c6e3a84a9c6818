"""What the options of certificate profiles mean: authorities, roots, servers, names, purposes and validities."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from fauxtune.core.administration.choices import (
    EXTENDED_USAGES,
    ProfileFamily,
)
from fauxtune.core.administration.profiles import (
    EMAIL_NAME,
    UPN_NAME,
    AlternativeName,
    Issuer,
    Scale,
)
from fauxtune.core.administration.scep import ndes_url
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.core.pki.foreign import certificate_from
from fauxtune_cli import names
from fauxtune_cli.administration import Session
from fauxtune_cli.options import fail
from fauxtune_cli.profile.profile_choice import (
    by_platform,
    root_profiles,
)


def own_certificate(session: Session, wanted: str) -> bytes:
    """Return the certificate of the tenant's authority with this name or role, DER, or end the command."""
    rows = session.client.control("GET", "/authorities")["value"]
    row = next((each for each in rows if each["current"] and wanted in {each["name"], each["role"]}), None)
    if row is None:
        known = ", ".join(each["name"] for each in rows if each["current"])
        fail(f"The tenant has no authority '{wanted}'; it has {known}.")
    return ssl.PEM_cert_to_DER_cert(row["certificate"])


def is_intermediate(data: bytes) -> bool:
    """Tell whether it is the certificate of an authority below another."""
    certificate = certificate_from(data, target="--certificate")
    return certificate.subject != certificate.issuer


def issuer(
    session: Session, *, digicert: bool, host: str | None, name: str | None, template: str
) -> tuple[Issuer, str]:
    """Return the CA and the template, which is looked up if the CA belongs to the tenant."""
    if (host is None) != (name is None) or (digicert and host is not None):
        fail(
            "Name a CA by --ca-host and --ca-name together, or else by --digicert; without them it is the tenant's own."
        )
    if host is not None and name is not None:
        return Issuer(host, name, kind=None), template
    if digicert:
        row = session.client.control("GET", "/digicert")
        known = [
            names.Named(certificate_template_name, certificate_template_name)
            for certificate_template_name in row["certificateTemplateNames"]
        ]
        template = names.choose(template, known, kind="certificate profile OID").name
        return Issuer(row["certificationAuthority"], row["certificationAuthorityName"], kind="digiCert"), template
    tenant = session.client.control("GET", "")
    issuer = Issuer(tenant["certificationAuthority"], tenant["certificationAuthorityName"])
    return issuer, names.template(session.client, template).name


def own_scep_server(session: Session) -> str:
    """Return the address of the tenant's own SCEP server."""
    tenant = session.client.control("GET", "")
    return ndes_url(tenant["publicHttpUrl"], tenant=tenant["name"])


def roots(session: Session, wanted: str | None, *, own: bool) -> dict[ProfilePlatform, str]:
    """Return the ids of the trusted root profiles of this name, by platform. Without a name: those with the tenant's
    own root, and for another authority those that are the only ones.
    """
    if wanted is not None:
        return by_platform(session.client, wanted, families=[ProfileFamily.ROOT])
    return root_profiles(session.client, own_certificate(session, "root") if own else None)


def purposes(words: Sequence[str]) -> dict[str, str]:
    """Return the extended key usages, OID -> name; of an OID that has no word it is the name itself."""
    return dict(EXTENDED_USAGES.get(word, (word, word)) for word in words if word != "none")


def alternative_name(text: str) -> AlternativeName:
    """Return what a word of --san means: email, upn, or one of them, dns or uri with a text. Or end the command."""
    kinds = {
        "email": ("emailAddress", EMAIL_NAME),
        "upn": ("userPrincipalName", UPN_NAME),
        "dns": ("domainNameService", None),
        "uri": ("universalResourceIdentifier", None),
    }
    word, equals, value = text.partition("=")
    kind, usual = kinds.get(word, (None, None))
    if kind is None or (not value and (equals or usual is None)):
        fail(f"--san is email, upn, or one of email=TEXT, upn=TEXT, dns=TEXT, uri=TEXT; not '{text}'.")
    return usual if usual is not None and not value else AlternativeName(kind, value)


def validity(text: str) -> tuple[int, Scale]:
    """Return the number and the unit of a validity such as 90d, 6m or 1y, or end the command."""
    scales = {"d": Scale.DAYS, "m": Scale.MONTHS, "y": Scale.YEARS}
    number, scale = text[:-1], scales.get(text[-1:].lower())
    if scale is None or not (number.isascii() and number.isdecimal()) or not 1 <= int(number) <= 9999:
        fail(f"--validity is a number of days, months or years, such as 90d, 6m or 1y; not '{text}'.")
    return int(number), scale
