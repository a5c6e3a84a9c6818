"""Rules about the certificates that PKCS and SCEP profiles order: their validity and their template.

Intune: "Configure and use PKCS certificates with Intune", 2024-11-19, and "Create and assign SCEP certificate
profiles", 2025-06-26: a validity of five days to 24 months, which the template allows; and for iOS and iPadOS a
template without "Signature is proof of origin".
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.engine.diagnosis.facts import Device, Facts, device_name, name_of, source_of
from fauxtune.core.engine.diagnosis.findings import Observation
from fauxtune.core.model.items import Order
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.pki.template import KeyUsage, Template
from fauxtune.core.profiles.certificate_settings import days
from fauxtune.core.profiles.family import Profile

#: Days. With fewer, a device may refuse the certificate because it is about to expire.
_FEWEST = 5
#: 24 months, leap years included.
_MOST = 2 * 366
_NOT_FOR_ORIGIN = (Variant.IOS, Variant.IPADOS)


def validity_period(facts: Facts) -> Iterator[Observation]:
    """The profile asks for a validity that is too short, too long, or longer than the template allows."""
    checked = set()
    for profile, requested, template, allowed in [*_validities(facts), *_validities_by_scep(facts)]:
        if profile.id in checked:
            continue
        checked.add(profile.id)
        wrong = _wrong(requested, allowed=allowed, template=template)
        if wrong is not None:
            yield Observation(
                message=f"'{name_of(profile)}': {wrong}.",
                fix="Give the profile a validity of 5 days to 24 months, and a template that allows it.",
                evidence={"days": requested, "template": template, "templateDays": allowed},
                profile=profile.id,
            )


#: A profile, the days that it asks for, the template, and the days that this allows.
_Validity = tuple[Profile, int | None, str, int | None]


def _validities(facts: Facts) -> Iterator[_Validity]:
    for _device, profile, order, template in _orders(facts):
        yield profile, order.days, order.template, None if template is None else template.validity.days


def _validities_by_scep(facts: Facts) -> Iterator[_Validity]:
    """Those of SCEP profiles; which template issues is the server's affair."""
    for device in facts.active:
        for profile in device.profiles:
            if profile.applies and source_of(profile) is Source.SCEP:
                value, scale = (profile.document.get(f"certificateValidityPeriod{each}") for each in ("Value", "Scale"))
                yield profile, days(value, scale), "", None


def _wrong(requested: int | None, *, allowed: int | None, template: str) -> str | None:
    if requested is not None and allowed is not None and requested > allowed:
        return (
            f"it asks for {requested} days, but the template '{template}' allows {allowed}, which certificates "
            "then have"
        )
    valid = allowed if requested is None else requested
    if valid is not None and valid < _FEWEST:
        return (
            f"its certificates are valid for {valid} days; a device may refuse one with less than {_FEWEST} days left"
        )
    if valid is not None and requested is not None and valid > _MOST:
        return f"it asks for {valid} days, which is more than the 24 months that are supported"
    return None


def proof_of_origin(facts: Facts) -> Iterator[Observation]:
    """A profile gives an iPhone or iPad a certificate from a template with nonRepudiation."""
    for device, profile, order, template in _orders(facts):
        if (
            device.variant in _NOT_FOR_ORIGIN
            and template is not None
            and KeyUsage.NON_REPUDIATION in template.key_usage
        ):
            yield Observation(
                message=f"'{name_of(profile)}' gives {device_name(device)} a certificate from the template "
                f"'{order.template}', which has the key usage nonRepudiation (\"Signature is proof of origin\"): for "
                "iOS and iPadOS it must be off.",
                fix=f"Remove nonRepudiation from the template '{order.template}', or use another template.",
                evidence={"template": order.template, "keyUsage": list(template.key_usage)},
                device=device.id,
                profile=profile.id,
            )


def _orders(facts: Facts) -> Iterator[tuple[Device, Profile, Order, Template | None]]:
    """The orders of profiles to the tenant's own authority, each with its device and the template that it names."""
    for device in facts.active:
        for key, order in device.orders.items():
            profile = device.profile(key)
            if profile is not None and profile.applies and order.authority == "issuing":
                yield device, profile, order, facts.templates.get(order.template.lower())
