"""The proof about SCEP (RFC 8894): a phone makes its key itself, and Intune's challenge says what it may request."""

from __future__ import annotations

from cryptography import x509

from fauxtune_sim.demo import profiles
from fauxtune_sim.demo.clients import retirement
from fauxtune_sim.demo.departure import Statuses, managed_device_id
from fauxtune_sim.demo.narration import Table
from fauxtune_sim.demo.proofs import Evidence
from fauxtune_sim.demo.scenario import DemoDevice, Scenario, for_display
from fauxtune_sim.keys.certificates import mark, public_key_bytes
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.platforms import Platform, kind_of

#: The certificate is valid for 30 days, and is renewed when a fifth of them is left.
_ADVANCE, _DAYS = "P25D", 25
_SOURCE = "scep"


async def key_made_on_the_phone(scenario: Scenario) -> Evidence:
    """Prove that a phone requests, uses and renews a certificate of its own key, and that retiring revokes it."""
    scenario.narration.say(
        "Bob gets a new phone. Its certificate comes by SCEP: the phone makes the key and keeps it, and asks the "
        "company's SCEP server for a certificate. That server asks Intune whether the request is the one that the "
        "profile asks this phone for: a challenge in the request says so."
    )
    root = scenario.graph.configuration(scenario.profiles["Contoso root (work profile)"])
    await scenario.assign([profiles.scep("S/MIME signing, by SCEP", url=scenario.scep, root=root)])
    phone = await scenario.enroll("bob-new", name="Bob's new phone", person="bob", kind=kind_of(Platform.ANDROID))
    await scenario.settle(lambda: bool(phone.identities(_SOURCE)))
    first = _own(phone)
    if first is None:
        return Evidence(held=False, detail=f"{phone.name} has no certificate by SCEP")
    faults = [
        *_key_faults(first),
        *await _use_faults(scenario, first),
        *await _challenge_faults(scenario, phone, count=1),
    ]
    scenario.narration.say(
        f"The tenant's clock goes {_DAYS} days forward. A fifth of the certificate's life is left: the phone makes "
        "another key, and signs its request with the certificate that it has."
    )
    await scenario.narration.before()
    await scenario.control.advance(_ADVANCE)
    await scenario.settle(lambda: _own(phone) != first)
    second = _own(phone)
    if second is None or public_key_bytes(second.certificate) == public_key_bytes(first.certificate):
        return Evidence(held=False, detail="; ".join([*faults, f"{phone.name} has not renewed its certificate"]))
    faults += [*_key_faults(second), *await _challenge_faults(scenario, phone, count=2)]
    faults += await _retire(scenario, phone)
    statuses = await Statuses.read(scenario)
    faults += await statuses.faults(second.certificate, "revoked")
    detail = "; ".join(faults) or (
        f"the phone made two keys, Intune confirmed both requests, and retiring removed the certificate and revoked "
        f"{mark(second.certificate)}"
    )
    rows = [
        (name, mark(identity.certificate), _until(identity.certificate), await statuses.of(identity.certificate))
        for name, identity in (("first", first), ("renewed", second))
    ]
    return Evidence(not faults, detail, Table(("certificate", "", "valid until", "in the end"), rows))


def _own(phone: DemoDevice) -> Identity | None:
    return next(iter(phone.identities(_SOURCE)), None)


def _until(certificate: x509.Certificate) -> str:
    return f"{certificate.not_valid_after_utc:%Y-%m-%d}"


def _key_faults(identity: Identity) -> list[str]:
    """Check that the phone has the key of its certificate."""
    if identity.key.public_key() != identity.certificate.public_key():
        return [f"the phone does not have the key of {mark(identity.certificate)}"]
    return []


async def _use_faults(scenario: Scenario, signer: Identity) -> list[str]:
    """Sign a mail with the certificate, and check that Alice's tablet verifies it."""
    mail = scenario.mail(
        "signed with a key of SCEP",
        sender="bob",
        recipient="alice",
        date=await scenario.control.now(),
        text="My key never left the phone.",
        signer=signer,
    )
    await scenario.deliver_mails()
    reading = scenario.devices["alice-tablet"].read(mail)
    return [] if reading.verified else [f"Alice's tablet does not verify Bob's mail: {reading.why}"]


async def _challenge_faults(scenario: Scenario, phone: DemoDevice, *, count: int) -> list[str]:
    """Check that Intune confirmed so many requests of the phone, and that a certificate came of each."""
    enrollment = phone.record.enrollment
    assert enrollment is not None
    states = await scenario.control.challenges(enrollment.name.rpartition("/")[2])
    if states == ["issued"] * count:
        return []
    return [f"Intune should have confirmed {count} requests: its challenges are {', '.join(states) or 'none'}"]


async def _retire(scenario: Scenario, phone: DemoDevice) -> list[str]:
    """Retire the phone, and check that it holds nothing afterwards."""
    scenario.narration.say("Bob leaves, and his phone is retired.")
    order = retirement(await managed_device_id(scenario, phone))
    await scenario.narration.before(for_display(order))
    await scenario.graph.send(order)
    await scenario.settle(lambda: not phone.record.is_enrolled)
    if phone.record.is_enrolled:
        return [f"{phone.name} is still enrolled"]
    return [] if phone.record.keystore.is_empty else [f"{phone.name} still holds certificates"]
