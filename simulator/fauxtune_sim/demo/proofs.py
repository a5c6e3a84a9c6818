"""Proofs one to seven: what is delivered to whom, and what can be done with it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509

from fauxtune_sim.certificates import can_encrypt, can_sign, mark, public_key_bytes
from fauxtune_sim.control import Issued
from fauxtune_sim.demo import profiles
from fauxtune_sim.demo.stage import Actor, Stage
from fauxtune_sim.keystore import Identity
from fauxtune_sim.platforms import Mode, Platform, kind_of

_YEAR = timedelta(days=365)
#: The titles of profiles that a later one refers to.
SIGNING, ENCRYPTION = "S/MIME signing", "S/MIME encryption, imported"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was to be shown, whether it held, and what was seen."""

    number: int
    name: str
    held: bool
    detail: str


#: What a company's phone is. In April 2020 a fully managed one was given roots and SCEP certificates only.
_COMPANY_PHONES = {"2020-04": kind_of(Platform.ANDROID, Mode.KNOX)}
_COMPANY_PHONE = kind_of(Platform.ANDROID, Mode.FULLY_MANAGED)
#: Everything else that Alice carries, and Bob's phone: folder, name, owner, kind.
_CAST = (
    ("alice-own", "Alice's own phone", "alice", kind_of(Platform.ANDROID)),
    ("alice-iphone", "Alice's iPhone", "alice", kind_of(Platform.IOS)),
    ("alice-mac", "Alice's Mac", "alice", kind_of(Platform.MACOS)),
    ("alice-pc", "Alice's PC", "alice", kind_of(Platform.WINDOWS)),
    ("alice-lumia", "Alice's Windows 10 phone", "alice", kind_of(Platform.WINDOWS_10_MOBILE)),
    ("alice-wp81", "Alice's Windows 8.1 phone", "alice", kind_of(Platform.WINDOWS_PHONE_81)),
    ("bob-own", "Bob's own phone", "bob", kind_of(Platform.ANDROID)),
)


async def set_the_stage(stage: Stage) -> None:
    """Enrol the first devices and deliver root and intermediate to them."""
    stage.tell("Alice has a device of every kind, some of them the company's. Bob has a phone with a work profile.")
    stage.tell(f"Each device keeps its keys in a folder below {stage.folder}")
    company_phone = _COMPANY_PHONES.get(stage.edition, _COMPANY_PHONE)
    for key, name, person, kind in (("alice-company", "Alice's company phone", "alice", company_phone), *_CAST):
        await stage.enroll(key, name=name, person=person, kind=kind)
    stage.tell("The administrator tells Graph: everybody in SMIME Pilot trusts our root and our intermediate.")
    stage.group = await stage.graph.group("SMIME Pilot")
    root, issuing = [await stage.authority_certificate(name) for name in ("root", "issuing")]
    stage.root, stage.issuing = x509.load_der_x509_certificate(root), x509.load_der_x509_certificate(issuing)
    await stage.assign([*profiles.roots("Contoso root", root), *profiles.roots("Contoso intermediate", issuing)])
    both = {root, issuing}

    def trusted_by_all() -> bool:
        return all(both <= set(one.device.keystore.trusted.values()) for one in stage.everybody())

    there = await stage.settle(trusted_by_all)
    stage.tell("  All devices trust both." if there else "  Not every device got them; the proofs will show it.")


async def own_signing_keys(stage: Stage) -> Proof:
    """1: a PKCS signing profile gives each device a key of its own."""
    stage.tell("A PKCS profile asks the connector for a signing certificate for each device.")
    await stage.assign(profiles.pkcs(SIGNING, template="SmimeSigning", authority=stage.authority))
    await stage.settle(lambda: all(one.held("pkcs") for one in stage.with_own_keys()))
    found = {one.name: [mark(key.certificate) for key in one.held("pkcs")] for one in stage.with_own_keys()}
    flat = [single for several in found.values() for single in several]
    keys = {public_key_bytes(key.certificate) for one in stage.everybody() for key in one.held("pkcs")}
    apart = len(set(flat)) == len(flat) == len(keys) == len(found)
    held = apart and all(len(several) == 1 for several in found.values())
    seen = "; ".join(f"{name}: {' '.join(several) or 'none'}" for name, several in found.items())
    return Proof(1, "Each device holds a signing key of its own", held, seen)


async def own_encryption_keys(stage: Stage) -> Proof:
    """2: a PKCS certificate used for encryption is readable on one device only."""
    stage.tell("The same is done for encryption, which looks right, and is wrong: see who can read the mail.")
    title = "S/MIME encryption, per device"
    await stage.assign(profiles.pkcs(title, template="SmimeEncryption", authority=stage.authority))
    await stage.settle(lambda: all(per_device_encryption(one) for one in stage.with_own_keys()))
    first, *others = stage.everybody()
    certificate = per_device_encryption(first)
    if certificate is None:
        return Proof(2, _NAME_2, held=False, detail=f"{first.name} has no encryption certificate of its own")
    mail = stage.mail(
        "to one device",
        sender="bob",
        recipient="alice",
        date=await stage.control.now(),
        text="Only one of your devices can read this.",
        encrypt_to=certificate.certificate,
    )
    readers = [one.name for one in (first, *others) if one.read(mail).decrypted]
    return Proof(2, _NAME_2, readers == [first.name], f"read by: {', '.join(readers) or 'nobody'}")


_NAME_2 = "Mail to one device's PKCS certificate is read by that device and no other"


def per_device_encryption(actor: Actor) -> Identity | None:
    """The device's own encryption certificate."""
    return next((one for one in actor.held("pkcs") if can_encrypt(one.certificate)), None)


async def same_encryption_keys(stage: Stage) -> Proof:
    """3: three imported encryption certificates reach all of Alice's devices and none of Bob's."""
    stage.tell("So encryption keys are imported instead: Alice's three of three years, two of them expired.")
    now = await stage.control.now()
    key = await stage.control.connector_key()
    for years_ago in (3, 2, 1):
        begin = now - years_ago * _YEAR
        end = begin + _YEAR if years_ago > 1 else now + _YEAR
        issued, password = await _issue(stage, "SmimeEncryption", begin=begin, end=end)
        await stage.graph.import_pfx(
            issued, password=password, user=stage.user("alice"), purpose="smimeEncryption", key=key
        )
        stage.imported.append(issued)
        stage.tell(
            f"  certificate {mark(issued.certificate)}, valid until {issued.certificate.not_valid_after_utc:%Y-%m-%d}"
        )
    await stage.assign(profiles.imported(ENCRYPTION, purpose="smimeEncryption"))
    await stage.settle(lambda: all(_has_all_three(stage, one) for one in stage.of("alice")))
    counts = {one.name: len(one.held("imported")) for one in stage.everybody()}
    held = all(_has_all_three(stage, one) for one in stage.of("alice")) and not any(
        one.held("imported") for one in stage.of("bob")
    )
    seen = ", ".join(f"{name}: {count}" for name, count in counts.items())
    return Proof(3, "All of Alice's devices hold the same three imported certificates, Bob's none", held, seen)


async def _issue(stage: Stage, template: str, *, begin: datetime, end: datetime) -> tuple[Issued, str]:
    """A certificate for Alice from the authority's counter, and the password of its PFX."""
    password = secrets.token_urlsafe(18)
    issued = await stage.control.issue(
        {
            "template": template,
            "userPrincipalName": stage.user("alice"),
            "notBefore": _wire_time(begin),
            "notAfter": _wire_time(end),
            "pfxPassword": password,
        }
    )
    return issued, password


def _wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _has_all_three(stage: Stage, actor: Actor) -> bool:
    found = [one.thumbprint for one in actor.held("imported", fit=can_encrypt)]
    return found == [one.thumbprint for one in stage.imported]


async def old_mail(stage: Stage) -> Proof:
    """4: mail of every year opens on every device of Alice's."""
    stage.tell("Bob wrote to Alice in each of the three years. She wants to read all of it, on every device.")
    for issued in stage.imported:
        date = issued.certificate.not_valid_before_utc + timedelta(days=100)
        stage.old_mails.append(
            stage.mail(
                f"from {date:%Y-%m-%d}",
                sender="bob",
                recipient="alice",
                date=date,
                text=f"Written on {date:%Y-%m-%d}, readable for as long as the key is kept.",
                encrypt_to=issued.certificate,
            )
        )
    held, seen = _reads_everything(stage, stage.of("alice"))
    if any(one.read(mail).decrypted for one in stage.of("bob") for mail in stage.old_mails):
        held, seen = False, f"{seen}; but Bob's phone reads them too"
    return Proof(4, "Mail of each of the three years is read on every device of Alice's", held, seen)


def _reads_everything(stage: Stage, actors: list[Actor]) -> tuple[bool, str]:
    """Whether each of these devices opens every old mail with the right key."""
    counts = {}
    for actor in actors:
        readings = [actor.read(mail) for mail in stage.old_mails]
        counts[actor.name] = sum(
            reading.decrypted is True and reading.recipient == issued.thumbprint
            for reading, issued in zip(readings, stage.imported, strict=True)
        )
    seen = "; ".join(f"{name} reads {count} of {len(stage.old_mails)}" for name, count in counts.items())
    return bool(counts) and all(count == len(stage.old_mails) == 3 for count in counts.values()), seen


async def later_device(stage: Stage) -> Proof:
    """5: a device that is enrolled later gets all three with no further import."""
    stage.tell("Alice buys a tablet and enrols it. Nobody imports anything again.")
    tablet = await stage.enroll("alice-tablet", name="Alice's tablet", person="alice", kind=kind_of(Platform.ANDROID))
    await stage.settle(lambda: _has_all_three(stage, tablet) and len(tablet.held("pkcs")) == 2)
    reads, seen = _reads_everything(stage, [tablet])
    held = _has_all_three(stage, tablet) and reads
    count = len(tablet.held("imported"))
    return Proof(5, "The device enrolled later gets all three", held, f"it holds {count} imported certificates; {seen}")


async def signed_mail(stage: Stage) -> Proof:
    """6: signed mail verifies with the root and the intermediate that were delivered."""
    stage.tell("Alice signs a mail on her company phone. It does not carry the intermediate: the readers have it.")
    first = stage.actors["alice-company"]
    signer = next((one for one in first.held("pkcs") if can_sign(one.certificate)), None)
    name = "Signed mail verifies with the delivered root and intermediate"
    if signer is None:
        return Proof(6, name, held=False, detail=f"{first.name} has no signing certificate")
    mail = stage.mail(
        "signed",
        sender="alice",
        recipient="bob",
        date=await stage.control.now(),
        text="We meet at ten.",
        signer=signer,
        with_chain=False,
    )
    refusals = [f"{one.name}: {reading.why}" for one in stage.everybody() if not (reading := one.read(mail)).verified]
    forged = stage.of("bob")[0].read(mail.replace(b"at ten", b"at two"))
    held = not refusals and forged.verified is False
    seen = "; ".join(refusals) or "verified on every device"
    return Proof(6, name, held, f"{seen}; with one word changed: {forged.why or 'still verified'}")


async def same_signer(stage: Stage) -> Proof:
    """7: an imported signing certificate is the same on all of Alice's devices and names the same signer."""
    stage.tell("A signing certificate can be imported too: then Alice signs alike on every device.")
    now = await stage.control.now()
    issued, password = await _issue(stage, "SmimeSigning", begin=now - timedelta(days=1), end=now + _YEAR)
    key = await stage.control.connector_key()
    await stage.graph.import_pfx(issued, password=password, user=stage.user("alice"), purpose="smimeSigning", key=key)
    await stage.assign(profiles.imported("S/MIME signing, imported", purpose="smimeSigning"))
    await stage.settle(lambda: all(one.held("imported", fit=can_sign) for one in stage.of("alice")))
    bob, signers, wrong = stage.of("bob")[0], set(), []
    for actor in stage.of("alice"):
        for identity in actor.held("imported", fit=can_sign):
            text = f"Signed on {actor.name}."
            name = f"signed on {actor.name}"
            mail = stage.mail(name, sender="alice", recipient="bob", date=now, text=text, signer=identity)
            reading = bob.read(mail)
            signers.add(reading.signer_thumbprint)
            if not reading.verified:
                wrong.append(f"{actor.name}: {reading.why}")
    counts = [len(one.held("imported", fit=can_sign)) for one in stage.of("alice")]
    held = bool(counts) and set(counts) == {1} and signers == {issued.thumbprint} and not wrong
    seen = (
        "; ".join(wrong) or f"signer {', '.join(str(one)[:8] for one in signers) or 'nobody'} on {sum(counts)} devices"
    )
    return Proof(7, "The imported signing certificate names the same signer on all of Alice's devices", held, seen)
