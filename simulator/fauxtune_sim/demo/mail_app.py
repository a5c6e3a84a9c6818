"""The proof that the end user can enable S/MIME in a mail app, which neither signs nor encrypts before."""

from __future__ import annotations

from datetime import datetime

from fauxtune_sim.cli.mail_account_commands import AccountChange, apply_change
from fauxtune_sim.demo.narration import Table
from fauxtune_sim.demo.proofs import Evidence, per_device_encryption
from fauxtune_sim.demo.scenario import DemoDevice, Scenario
from fauxtune_sim.errors import MailRefused, NotAllowedHere
from fauxtune_sim.keys.certificates import can_sign
from fauxtune_sim.mail.app_choice import AppOnDevice, app_on, app_protection, signer_of
from fauxtune_sim.mail.apps import Choice, Switch


async def user_enables_smime(scenario: Scenario) -> Evidence:
    """Prove that each app refuses to sign and encrypt until its user switches S/MIME on, and does both then.

    The iPhone is left out: there the e-mail profile of the next proof switches S/MIME on.
    """
    scenario.narration.say(
        "The certificates are on the devices, and still no mail is signed: that is the affair of the mail app. In most "
        "apps the end user has to switch S/MIME on. Alice tries to write to Bob from each device, then does so, and "
        "tries again. (On her iPhone a profile will do it for her: the next proof. On the Windows 10 phone the app "
        "does it by itself.)"
    )
    await scenario.narration.before()
    now = await scenario.control.now()
    iphone, bob = scenario.devices["alice-iphone"], scenario.devices["bob-own"]
    rows, faults = [], []
    for device in scenario.devices_of("alice"):
        if device is iphone:
            continue
        there = app_on(device.record)
        before = _refusal(device, there)
        if (before is None) is not (there.app.switch is Switch.BY_ITSELF):
            faults.append(f"{there.app.title} on {device.name} signs before its user has switched S/MIME on")
        there = _switch_on(device, there)
        reads = _bob_reads(scenario, device, there=there, now=now)
        if not reads:
            faults.append(f"{bob.name} does not decrypt and verify the mail of {there.app.title} on {device.name}")
        rows.append((device.name, there.app.title, "refused" if before else "signs", "yes" if reads else "no"))
    refused = sum(row[2] == "refused" for row in rows)
    return Evidence(
        bool(refused) and not faults,
        "; ".join(faults)
        or f"{refused} of {len(rows)} apps refused to sign and encrypt; after their user switched S/MIME on, all did",
        Table(("device", "mail app", "before", "then Bob reads it"), rows),
    )


def _refusal(device: DemoDevice, there: AppOnDevice) -> str | None:
    """The words with which the app refuses to sign and encrypt, or None if it does not refuse."""
    try:
        app_protection(device.record, there, sign=True, encrypt=True)
    except NotAllowedHere as refused:
        return str(refused)
    return None


def _switch_on(device: DemoDevice, there: AppOnDevice) -> AppOnDevice:
    """Do what the user does: switch S/MIME on and choose the newest certificate, where the app lets choose."""
    if there.is_on:
        return there
    sign = device.identities("imported", fit=can_sign)[-1].thumbprint if there.app.choice is Choice.USER else "on"
    return apply_change(device.record, AccountChange(smime=True, sign=sign, encrypt=True, app=there.app.name))


def _bob_reads(scenario: Scenario, device: DemoDevice, *, there: AppOnDevice, now: datetime) -> bool:
    """Send a mail of which nothing is said but the recipient; whether Bob's phone decrypts and verifies it."""
    bob = scenario.devices["bob-own"]
    recipient = per_device_encryption(bob)
    always = there.app.switch is Switch.BY_ITSELF or None
    choice = app_protection(device.record, there, sign=always, encrypt=always)
    if recipient is None or not choice.sign or not choice.encrypt:
        return False
    try:
        signer = signer_of(device.record, there, address=device.user, at=now, wanted=choice.signer)
    except MailRefused:
        return False
    name = f"by {there.app.title} on {device.name}"
    mail = scenario.mail(
        name,
        sender="alice",
        recipient="bob",
        date=now,
        text=f"Written in {there.app.title}.",
        signer=signer,
        encrypt_to=recipient.certificate,
    )
    reading = bob.read(mail)
    return reading.decrypted is True and reading.verified is True
