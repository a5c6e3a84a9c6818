"""The proofs about mail: a sender obtains the recipient's public key from the address book, where it has to be
published; an iPhone's mail account, set up only by its profile, signs, encrypts, verifies and reads; the end user can
enable S/MIME in a mail app, which neither signs nor encrypts before; an account logs in to the mail server with its
certificate.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune_sim.cli.mail_commands import MailOptions
from fauxtune_sim.cli.mailbox_commands import (
    AccountChange,
    AccountOptions,
    apply_change,
    deliver,
    fetch,
    mail_port,
    open_message,
)
from fauxtune_sim.demo import profiles
from fauxtune_sim.demo.narration import ShownRequest, Table
from fauxtune_sim.demo.proofs import ENCRYPTION, SIGNING, Evidence, per_device_encryption
from fauxtune_sim.demo.scenario import DemoDevice, Scenario
from fauxtune_sim.errors import MailboxRefused, MailRefused, NotAllowedHere, NotFoundHere
from fauxtune_sim.keys.certificates import can_sign, mark
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.mail.app_choice import AppOnDevice, app_on, app_protection, signer_of
from fauxtune_sim.mail.apps import Choice, Switch
from fauxtune_sim.mail.mailbox_wires import Mailbox, MailLogin
from fauxtune_sim.mail.smime_settings import MailDefaults, choose_protection, mail_defaults
from fauxtune_sim.mail.writing import find_certificate

#: The title of the profile of the certificate for the mail server.
LOGIN = "Mail login"


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


async def mail_account(scenario: Scenario) -> Evidence:
    """Prove that the account signs and encrypts by itself, verifies received mail, and reads all old mail."""
    scenario.narration.say(
        "Alice's iPhone gets a mail account, and a certificate with which it logs in. Nobody changes its settings: the "
        "profile sets all of them."
    )
    login = profiles.pkcs(LOGIN, template="User", authority=scenario.authority, only=("iOS", "work profile"))
    await scenario.assign(login)
    references = {
        name: scenario.graph.configuration(scenario.profiles[f"{title} (iOS)"])
        for name, title in (("login", LOGIN), ("signing", SIGNING), ("encryption", ENCRYPTION))
    }
    await scenario.assign([profiles.mail_account("Contoso mail", **references)])
    phone, bob = _phones(scenario)
    await scenario.settle(lambda: mail_defaults(phone.record) is not None)
    account = mail_defaults(phone.record)
    if account is None:
        return Evidence(held=False, detail=f"{phone.name} has no mail account")
    faults = [*_setup_faults(scenario, account), *await _sending_faults(scenario)]
    faults += await _receiving_faults(scenario)
    detail = "; ".join(faults) or (
        f"the account {account.address} signs with {_mark(account.signing_identity)} and decrypts with "
        f"{_mark(account.encryption_identity)}; {bob.name} decrypted and verified a mail from it; {phone.name} "
        f"decrypted and verified the reply, and read all {len(scenario.old_mails)} old mails"
    )
    return Evidence(not faults, detail)


def _mark(thumbprint: str | None) -> str:
    return "nothing" if thumbprint is None else thumbprint[:8]


def _phones(scenario: Scenario) -> tuple[DemoDevice, DemoDevice]:
    """The iPhone, and the phone of the recipient of its mail."""
    return scenario.devices["alice-iphone"], scenario.devices["bob-own"]


def _setup_faults(scenario: Scenario, account: MailDefaults) -> list[str]:
    """Check that the account names the device's own signing key and the newest imported encryption key."""
    phone, _bob = _phones(scenario)
    faults = []
    own = {identity.thumbprint for identity in phone.identities("pkcs", fit=can_sign)}
    if account.signing_identity not in own:
        faults.append(f"the account signs with {_mark(account.signing_identity)}, which is not the iPhone's own")
    newest = scenario.imported[-1].thumbprint
    if account.encryption_identity != newest:
        faults.append(f"the account decrypts with {_mark(account.encryption_identity)}, not {_mark(newest)}")
    if not (account.signs and account.encrypts):
        faults.append("the account does not sign and encrypt by itself")
    return faults


async def _sending_faults(scenario: Scenario) -> list[str]:
    """Send a mail without choosing signing or encryption, and check that Bob's phone decrypts and verifies it."""
    phone, bob = _phones(scenario)
    choice = choose_protection(phone.record)
    signer = None if choice.signer is None else phone.record.keystore.choose(choice.signer)
    certificate = per_device_encryption(bob)
    if certificate is None or signer is None:
        return ["there is no certificate to encrypt to, or no key to sign with"]
    mail = scenario.mail(
        "from the iPhone",
        sender="alice",
        recipient="bob",
        date=await scenario.control.now(),
        text="Sent from my iPhone.",
        signer=signer if choice.sign else None,
        encrypt_to=certificate.certificate if choice.encrypt else None,
    )
    reading = bob.read(mail)
    if reading.decrypted is True and reading.verified is True:
        return []
    return [f"{bob.name} does not decrypt and verify the iPhone's mail: {reading.why or 'it is not protected'}"]


async def _receiving_faults(scenario: Scenario) -> list[str]:
    phone, bob = _phones(scenario)
    signer = next(iter(bob.identities("pkcs", fit=can_sign)), None)
    if signer is None:
        return [f"{bob.name} has no key to sign with"]
    mail = scenario.mail(
        "to the iPhone",
        sender="bob",
        recipient="alice",
        date=await scenario.control.now(),
        text="Got it.",
        signer=signer,
        encrypt_to=scenario.imported[-1].certificate,
    )
    reading = phone.read(mail)
    faults = []
    if not (reading.decrypted is True and reading.verified is True):
        faults.append(f"the iPhone does not decrypt and verify Bob's mail: {reading.why}")
    unread = sum(phone.read(old_mail).decrypted is not True for old_mail in scenario.old_mails.values())
    if unread:
        faults.append(f"the iPhone cannot read {unread} of the old mails")
    return faults


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


async def mailbox_login(scenario: Scenario) -> Evidence:
    """Prove that the iPhone sends and fetches mail with its certificate, and that another certificate is refused."""
    say = scenario.narration.say
    say(
        "The profile of the account says how the iPhone logs in to the mail server: with a certificate, so that no "
        "password is typed or stolen. Alice writes to Bob, whose certificate the administrator publishes, with a copy "
        "to herself. Then her iPhone fetches the copy."
    )
    await scenario.narration.before()
    phone, bob = scenario.devices["alice-iphone"], scenario.devices["bob-own"]
    published = per_device_encryption(bob)
    stranger = next(iter(bob.identities("pkcs", fit=_is_for_clients)), None)
    if published is None or stranger is None:
        return Evidence(held=False, detail=f"{bob.name} has no certificates")
    await scenario.control.publish(bob.user, published.thumbprint)
    account = AccountOptions(scenario.folder / "alice-iphone")
    letter = MailOptions(
        state=account.state,
        out=scenario.folder / "mails" / "through the mail server.eml",
        to_users=(bob.user,),
        copy_users=(phone.user,),
        subject="through the mail server",
        text="This mail went through the mail server.",
    )
    sent = await deliver(letter, account)
    fetched = await fetch(account)
    new = fetched.document["fetched"]
    opened = await open_message(account, 1, save=None, ask_authority=True) if new else None
    is_read = opened is not None and opened.document["decrypted"] and opened.document["verified"]
    refusal = await _refused_login(stranger, scenario)
    await scenario.learn_names([refusal or ""])
    say(f"Bob has such a certificate too, and tries to open Alice's mailbox with it. {refusal or 'Nobody stops him.'}")
    return Evidence(
        len(new) == 1 and bool(is_read) and refusal is not None,
        f"{phone.name} sent and fetched with {sent.document['login']}; it decrypted and verified {len(new)} mail; the "
        f"mail server {'refused' if refusal else 'did not refuse'} the certificate of {bob.name}",
    )


def _is_for_clients(certificate: x509.Certificate) -> bool:
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return ExtendedKeyUsageOID.CLIENT_AUTH in usages


async def _refused_login(stranger: Identity, scenario: Scenario) -> str | None:
    """The words with which the mail server refuses a certificate for Alice's mailbox, or None if it does not."""
    device = scenario.devices["alice-iphone"].record
    url = await mail_port(device, "pop3s")
    login = MailLogin(scenario.user("alice"), identity=stranger, ca=device.ca)
    try:
        await asyncio.to_thread(_open, url, login)
    except MailboxRefused as refused:
        words = str(refused)
        return f"{words[:1].upper()}{words[1:]}."
    return None


def _open(url: str, login: MailLogin) -> None:
    with Mailbox(url, login):
        pass
