"""Rules about what PKCS profiles ask an authority for: for how long, and by which template.

Intune: "Configure and use PKCS certificates with Intune", 2024-11-19: a validity of five days to 24 months, which the
template allows; and for iOS and iPadOS a template without "Signature is proof of origin".
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.engine.diagnosis.facts import Device, Facts, device_name, name_of
from fauxtune.core.engine.diagnosis.findings import Found
from fauxtune.core.model.items import Order
from fauxtune.core.model.platforms import Variant
from fauxtune.core.pki.template import KeyUsage, Template
from fauxtune.core.profiles.world import Profile

#: Days. With fewer, the device's agent is likely to refuse a certificate that is about to expire.
_FEWEST = 5
#: 24 months, leap years included.
_MOST = 2 * 366
_NOT_FOR_ORIGIN = (Variant.IOS, Variant.IPADOS)


def validity_period(facts: Facts) -> Iterator[Found]:
    """The profile asks for a validity that is too short, too long, or longer than the template allows."""
    judged = set()
    for _device, profile, order, template in _orders(facts):
        if profile.id in judged:
            continue
        judged.add(profile.id)
        allowed = None if template is None else template.validity.days
        wrong = _wrong(order.days, allowed=allowed, template=order.template)
        if wrong is not None:
            yield Found(
                message=f"'{name_of(profile)}': {wrong}.",
                fix="Give the profile a validity of 5 days to 24 months, and a template that allows it.",
                evidence={"days": order.days, "template": order.template, "templateDays": allowed},
                profile=profile.id,
            )


def _wrong(asked: int | None, *, allowed: int | None, template: str) -> str | None:
    if asked is not None and allowed is not None and asked > allowed:
        return f"it asks for {asked} days, and the template '{template}' allows {allowed}: that is what comes"
    days = allowed if asked is None else asked
    if days is not None and days < _FEWEST:
        return f"its certificates are valid for {days} days; a device may refuse what has less than {_FEWEST} days left"
    if days is not None and asked is not None and days > _MOST:
        return f"it asks for {days} days, which is more than the 24 months that are supported"
    return None


def proof_of_origin(facts: Facts) -> Iterator[Found]:
    """An iPhone or iPad is to be given a certificate by a template with nonRepudiation."""
    for device, profile, order, template in _orders(facts):
        if (
            device.variant in _NOT_FOR_ORIGIN
            and template is not None
            and KeyUsage.NON_REPUDIATION in template.key_usage
        ):
            yield Found(
                message=f"'{name_of(profile)}' gives {device_name(device)} a certificate by the template "
                f"'{order.template}', which has the key usage nonRepudiation (\"Signature is proof of origin\"): for "
                "iOS and iPadOS it must be off.",
                fix=f"Take nonRepudiation out of the template '{order.template}', or use another.",
                evidence={"template": order.template, "keyUsage": list(template.key_usage)},
                device=device.id,
                profile=profile.id,
            )


def _orders(facts: Facts) -> Iterator[tuple[Device, Profile, Order, Template | None]]:
    """What profiles order of the tenant's own authority for the devices, each with the template that it names."""
    for device in facts.active:
        for key, order in device.orders.items():
            profile = device.profile(key)
            if profile is not None and profile.applies and order.authority == "issuing":
                yield device, profile, order, facts.templates.get(order.template.lower())
