"""The proof that a sender obtains the recipient's public key: from the address book, where it has to be published."""

from __future__ import annotations

from fauxtune_sim.demo.narration import ShownRequest, Table
from fauxtune_sim.demo.proofs import Evidence
from fauxtune_sim.demo.scenario import Scenario
from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.keys.certificates import mark
from fauxtune_sim.mail.recipients import find_certificate


async def sender_obtains_key(scenario: Scenario) -> Evidence:
    """Prove that a certificate that was imported is not chosen by senders, and that a published one is."""
    say = scenario.narration.say
    say(
        "Bob wants to write to Alice. Her new certificate is on all of her devices, but to encrypt, Bob's phone needs "
        "it too. It looks in the company's address book:"
    )
    alice, bob = scenario.user("alice"), scenario.devices["bob-own"]
    now = await scenario.control.now()
    try:
        await find_certificate(alice, control=scenario.control, device=bob.record, at=now)
    except NotFoundHere as refused:
        reason = str(refused).partition(" Either")[0]
        say(f"{reason[:1].upper()}{reason[1:]}", indent=2, hang=2)
    else:
        return Evidence(held=False, detail="a certificate was there although nobody had published one")
    newest = scenario.imported[-1]
    say("Importing a certificate does not publish it. The administrator does that, and Bob writes again.")
    body = {"address": alice, "thumbprint": newest.thumbprint}
    await scenario.narration.before(ShownRequest("POST", f"/_fauxtune/v1/tenants/{scenario.tenant}/address-book", body))
    await scenario.control.publish(alice, newest.thumbprint)
    chosen = await find_certificate(alice, control=scenario.control, device=bob.record, at=now)
    mail = scenario.mail(
        "to the published certificate",
        sender="bob",
        recipient="alice",
        date=now,
        text="All of your devices can read this.",
        encrypt_to=chosen.certificate,
    )
    readers = [device for device in scenario.enrolled_devices() if device.read(mail).decrypted]
    alices = scenario.devices_of("alice")
    rows = [(device.name, "yes" if device in readers else "no") for device in scenario.enrolled_devices()]
    return Evidence(
        chosen.certificate == newest.certificate and readers == alices,
        f"the address book has {mark(chosen.certificate)} for {alice}; {len(readers)} devices read mail that is "
        f"encrypted to it, and Alice has {len(alices)}",
        Table(("device", "reads the mail"), rows),
    )
