"""Proof eight: an iPhone's mail account, set up by its profile alone, signs, encrypts, verifies and reads."""

from __future__ import annotations

from fauxtune_sim.certificates import can_sign
from fauxtune_sim.demo import profiles
from fauxtune_sim.demo.proofs import ENCRYPTION, SIGNING, Proof, per_device_encryption
from fauxtune_sim.demo.stage import Actor, Stage
from fauxtune_sim.maildefaults import MailDefaults, decide, mail_defaults

_NAME = "The iPhone's mail account, set up by profile alone, signs, encrypts, verifies and reads"


async def mail_account(stage: Stage) -> Proof:
    """8: the account signs and encrypts by itself, verifies what comes, and reads mail of all three years."""
    stage.tell("Alice's iPhone is given a mail account. Nobody touches its settings: the profile says them all.")
    references = {
        name: stage.graph.configuration(stage.profiles[f"{title} (iOS)"])
        for name, title in (("signing", SIGNING), ("encryption", ENCRYPTION))
    }
    await stage.assign([profiles.mail_account("Contoso mail", **references)])
    phone, bob = _pair(stage)
    await stage.settle(lambda: mail_defaults(phone.device) is not None)
    account = mail_defaults(phone.device)
    if account is None:
        return Proof(8, _NAME, held=False, detail=f"{phone.name} has no mail account")
    faults = [*_setup_faults(stage, account), *await _sending_faults(stage)]
    faults += await _receiving_faults(stage)
    seen = "; ".join(faults) or (
        f"the account {account.address} signs with {_mark(account.signing_identity)}, decrypts with "
        f"{_mark(account.encryption_identity)}; "
        f"{bob.name} read and verified its mail, it verified {bob.name}'s and read all {len(stage.old_mails)} old ones"
    )
    return Proof(8, _NAME, not faults, seen)


def _mark(thumbprint: str | None) -> str:
    return "nothing" if thumbprint is None else thumbprint[:8]


def _pair(stage: Stage) -> tuple[Actor, Actor]:
    """The iPhone, and whom it writes to."""
    return stage.actors["alice-iphone"], stage.actors["bob-own"]


def _setup_faults(stage: Stage, account: MailDefaults) -> list[str]:
    """Whether the account names what it should: the device's own signing key, and the newest imported one."""
    phone, _bob = _pair(stage)
    faults = []
    own = {one.thumbprint for one in phone.held("pkcs", fit=can_sign)}
    if account.signing_identity not in own:
        faults.append(f"the account signs with {_mark(account.signing_identity)}, which is not the iPhone's own")
    newest = stage.imported[-1].thumbprint
    if account.encryption_identity != newest:
        faults.append(f"the account decrypts with {_mark(account.encryption_identity)}, not {_mark(newest)}")
    if not (account.signs and account.encrypts):
        faults.append("the account does not sign and encrypt by itself")
    return faults


async def _sending_faults(stage: Stage) -> list[str]:
    """The user says nothing of signing and encrypting; Bob reads and verifies what comes."""
    phone, bob = _pair(stage)
    choice = decide(phone.device)
    signer = None if choice.signer is None else phone.device.keystore.choose(choice.signer)
    certificate = per_device_encryption(bob)
    if certificate is None or signer is None:
        return ["there is nobody to write to, or nothing to sign with"]
    mail = stage.mail(
        "from the iPhone",
        sender="alice",
        recipient="bob",
        date=await stage.control.now(),
        text="Sent from my iPhone.",
        signer=signer if choice.sign else None,
        encrypt_to=certificate.certificate if choice.encrypt else None,
    )
    reading = bob.read(mail)
    if reading.decrypted is True and reading.verified is True:
        return []
    return [f"{bob.name} does not read and verify the iPhone's mail: {reading.why or 'it is not protected'}"]


async def _receiving_faults(stage: Stage) -> list[str]:
    phone, bob = _pair(stage)
    signer = next(iter(bob.held("pkcs", fit=can_sign)), None)
    if signer is None:
        return [f"{bob.name} has nothing to sign with"]
    mail = stage.mail(
        "to the iPhone",
        sender="bob",
        recipient="alice",
        date=await stage.control.now(),
        text="Got it.",
        signer=signer,
        encrypt_to=stage.imported[-1].certificate,
    )
    reading = phone.read(mail)
    faults = []
    if not (reading.decrypted is True and reading.verified is True):
        faults.append(f"the iPhone does not read and verify Bob's mail: {reading.why}")
    unread = sum(phone.read(each).decrypted is not True for each in stage.old_mails)
    if unread:
        faults.append(f"the iPhone cannot read {unread} of the old mails")
    return faults
