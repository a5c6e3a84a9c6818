"""The proof that a device communicates securely with the mail server: its account logs in with its certificate."""

from __future__ import annotations

import asyncio

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune_sim.cli.mail_commands import MailOptions
from fauxtune_sim.cli.mailbox_commands import AccountOptions, deliver, fetch, mail_port, open_message
from fauxtune_sim.demo.proofs import Evidence, per_device_encryption
from fauxtune_sim.demo.scenario import Scenario
from fauxtune_sim.errors import MailboxRefused
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.mail.mailbox_wires import Mailbox, MailLogin


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
    refusal = await _refusal(stranger, scenario)
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


async def _refusal(stranger: Identity, scenario: Scenario) -> str | None:
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
