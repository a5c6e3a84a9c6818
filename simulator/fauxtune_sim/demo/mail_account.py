"""The proof that an iPhone's mail account, set up by its profile alone, signs, encrypts, verifies and reads."""

from __future__ import annotations

from fauxtune_sim.demo import profiles
from fauxtune_sim.demo.proofs import ENCRYPTION, SIGNING, Evidence, per_device_encryption
from fauxtune_sim.demo.scenario import DemoDevice, Scenario
from fauxtune_sim.keys.certificates import can_sign
from fauxtune_sim.mail.smime_settings import MailDefaults, choose_protection, mail_defaults

#: The title of the profile of the certificate for the mail server.
LOGIN = "Mail login"


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
