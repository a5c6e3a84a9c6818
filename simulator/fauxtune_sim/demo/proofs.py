"""Proofs one to seven: which certificates each device gets, and what can be done with them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509

from fauxtune_sim.certificates import can_encrypt, can_sign, mark, public_key_bytes
from fauxtune_sim.control import IssuedCertificate
from fauxtune_sim.demo import profiles
from fauxtune_sim.demo.scenario import DemoDevice, Scenario
from fauxtune_sim.keystore import Identity
from fauxtune_sim.platforms import Mode, Platform, kind_of

_YEAR = timedelta(days=365)
#: The titles of profiles that a later profile refers to.
SIGNING, ENCRYPTION = "S/MIME signing", "S/MIME encryption, imported"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Whether a proof held, and what the devices showed."""

    held: bool
    detail: str


#: The kind of the company's phone. In April 2020 a fully managed one got roots and SCEP certificates only.
_COMPANY_PHONES = {"2020-04": kind_of(Platform.ANDROID, Mode.KNOX)}
_COMPANY_PHONE = kind_of(Platform.ANDROID, Mode.FULLY_MANAGED)
#: Alice's other devices and Bob's phone: folder, name, owner, kind.
_DEVICES = (
    ("alice-own", "Alice's own phone", "alice", kind_of(Platform.ANDROID)),
    ("alice-iphone", "Alice's iPhone", "alice", kind_of(Platform.IOS)),
    ("alice-mac", "Alice's Mac", "alice", kind_of(Platform.MACOS)),
    ("alice-pc", "Alice's PC", "alice", kind_of(Platform.WINDOWS)),
    ("alice-lumia", "Alice's Windows 10 phone", "alice", kind_of(Platform.WINDOWS_10_MOBILE)),
    ("alice-wp81", "Alice's Windows 8.1 phone", "alice", kind_of(Platform.WINDOWS_PHONE_81)),
    ("bob-own", "Bob's own phone", "bob", kind_of(Platform.ANDROID)),
)


async def prepare(scenario: Scenario) -> None:
    """Enrol the first devices and deliver the root and the intermediate certificate to them."""
    scenario.narrate(
        "Alice has a device of every kind, her company's and her own. Bob has a phone with a work profile."
    )
    scenario.narrate(f"Each device keeps its keys in a folder of its own below {scenario.folder}")
    company_phone = _COMPANY_PHONES.get(scenario.edition, _COMPANY_PHONE)
    for key, name, person, kind in (("alice-company", "Alice's company phone", "alice", company_phone), *_DEVICES):
        await scenario.enroll(key, name=name, person=person, kind=kind)
    scenario.narrate(
        "Alice and Bob are in the group SMIME Pilot. The administrator assigns trusted certificate profiles to it, so "
        "that their devices trust the company's root certificate and its intermediate certificate."
    )
    scenario.narrate("(Certificates are named by the first eight digits of their thumbprints.)")
    scenario.group = await scenario.graph.group("SMIME Pilot")
    root, issuing = [await scenario.authority_certificate(name) for name in ("root", "issuing")]
    scenario.root, scenario.issuing = x509.load_der_x509_certificate(root), x509.load_der_x509_certificate(issuing)
    await scenario.assign([*profiles.roots("Contoso root", root), *profiles.roots("Contoso intermediate", issuing)])
    both = {root, issuing}

    def trusted_by_all() -> bool:
        return all(both <= set(device.record.keystore.trusted.values()) for device in scenario.enrolled_devices())

    settled = await scenario.settle(trusted_by_all)
    scenario.narrate(
        "  All devices trust both certificates."
        if settled
        else "  Not every device has installed both certificates; the proofs will show it."
    )


async def own_signing_keys(scenario: Scenario) -> Evidence:
    """Assign a PKCS signing profile; prove that each device has one signing certificate, with a key of its own."""
    scenario.narrate(
        "The administrator assigns PKCS certificate profiles: the certificate connector issues a signing certificate "
        "to each device. (There is no such profile for Windows Phone 8.1.)"
    )
    await scenario.assign(profiles.pkcs(SIGNING, template="SmimeSigning", authority=scenario.authority))
    await scenario.settle(lambda: all(device.identities("pkcs") for device in scenario.devices_with_pkcs()))
    marks = {
        device.name: [mark(identity.certificate) for identity in device.identities("pkcs")]
        for device in scenario.devices_with_pkcs()
    }
    all_marks = [short for device_marks in marks.values() for short in device_marks]
    keys = {
        public_key_bytes(identity.certificate)
        for device in scenario.enrolled_devices()
        for identity in device.identities("pkcs")
    }
    are_distinct = len(set(all_marks)) == len(all_marks) == len(keys) == len(marks)
    held = are_distinct and all(len(device_marks) == 1 for device_marks in marks.values())
    return Evidence(
        held, "; ".join(f"{name}: {' '.join(device_marks) or 'none'}" for name, device_marks in marks.items())
    )


async def own_encryption_keys(scenario: Scenario) -> Evidence:
    """Assign a PKCS encryption profile; prove that mail encrypted to one device's certificate opens only there."""
    scenario.narrate(
        "The administrator does the same for encryption. It looks right, but it is a mistake: each device has a "
        "different key, and a mail opens only with the key of the certificate that it was encrypted to."
    )
    title = "S/MIME encryption, per device"
    await scenario.assign(profiles.pkcs(title, template="SmimeEncryption", authority=scenario.authority))
    await scenario.settle(lambda: all(per_device_encryption(device) for device in scenario.devices_with_pkcs()))
    first, *others = scenario.enrolled_devices()
    certificate = per_device_encryption(first)
    if certificate is None:
        return Evidence(held=False, detail=f"{first.name} has no encryption certificate of its own")
    mail = scenario.mail(
        "to one device",
        sender="bob",
        recipient="alice",
        date=await scenario.control.now(),
        text="Only one of your devices can read this.",
        encrypt_to=certificate.certificate,
    )
    readers = [device.name for device in (first, *others) if device.read(mail).decrypted]
    return Evidence(
        readers == [first.name],
        f"a mail to the certificate of {first.name} can be read on: {', '.join(readers) or 'no device'}",
    )


def per_device_encryption(device: DemoDevice) -> Identity | None:
    """The encryption certificate that was issued for this device alone."""
    return next((identity for identity in device.identities("pkcs") if can_encrypt(identity.certificate)), None)


async def same_encryption_keys(scenario: Scenario) -> Evidence:
    """Import three encryption certificates; prove that all of Alice's devices get them and none of Bob's."""
    scenario.narrate(
        "So encryption certificates are imported with their keys instead: three of Alice's, one for each of three "
        "years. Two of them have expired."
    )
    now = await scenario.control.now()
    key = await scenario.control.connector_key()
    for years_ago in (3, 2, 1):
        begin = now - years_ago * _YEAR
        end = begin + _YEAR if years_ago > 1 else now + _YEAR
        issued, password = await _issue(scenario, "SmimeEncryption", begin=begin, end=end)
        await scenario.graph.import_pfx(
            issued, password=password, user=scenario.user("alice"), purpose="smimeEncryption", key=key
        )
        scenario.imported.append(issued)
        scenario.narrate(
            f"  imported: certificate {mark(issued.certificate)}, valid until "
            f"{issued.certificate.not_valid_after_utc:%Y-%m-%d}"
        )
    await scenario.assign(profiles.imported(ENCRYPTION, purpose="smimeEncryption"))
    await scenario.settle(lambda: all(_has_all_three(scenario, device) for device in scenario.devices_of("alice")))
    counts = {device.name: len(device.identities("imported")) for device in scenario.enrolled_devices()}
    held = all(_has_all_three(scenario, device) for device in scenario.devices_of("alice")) and not any(
        device.identities("imported") for device in scenario.devices_of("bob")
    )
    return Evidence(held, "imported certificates: " + ", ".join(f"{name}: {count}" for name, count in counts.items()))


async def _issue(scenario: Scenario, template: str, *, begin: datetime, end: datetime) -> tuple[IssuedCertificate, str]:
    """Issue a certificate for Alice through the control surface. Returns it with the password of its PFX."""
    password = secrets.token_urlsafe(18)
    issued = await scenario.control.issue(
        {
            "template": template,
            "userPrincipalName": scenario.user("alice"),
            "notBefore": _wire_time(begin),
            "notAfter": _wire_time(end),
            "pfxPassword": password,
        }
    )
    return issued, password


def _wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _has_all_three(scenario: Scenario, device: DemoDevice) -> bool:
    thumbprints = [identity.thumbprint for identity in device.identities("imported", fit=can_encrypt)]
    return thumbprints == [issued.thumbprint for issued in scenario.imported]


async def old_mail(scenario: Scenario) -> Evidence:
    """Write a mail in each of the three years; prove that every device of Alice's reads all of them."""
    scenario.narrate(
        "Bob wrote a mail to Alice in each of the three years, encrypted to her certificate of that year. She wants to "
        "read all three on every device."
    )
    for issued in scenario.imported:
        date = issued.certificate.not_valid_before_utc + timedelta(days=100)
        scenario.old_mails.append(
            scenario.mail(
                f"from {date:%Y-%m-%d}",
                sender="bob",
                recipient="alice",
                date=date,
                text=f"Written on {date:%Y-%m-%d}, readable for as long as the key is kept.",
                encrypt_to=issued.certificate,
            )
        )
    held, detail = _reads_everything(scenario, scenario.devices_of("alice"))
    if any(device.read(mail).decrypted for device in scenario.devices_of("bob") for mail in scenario.old_mails):
        held, detail = False, f"{detail}; but Bob's phone reads them too"
    return Evidence(held, detail)


def _reads_everything(scenario: Scenario, devices: list[DemoDevice]) -> tuple[bool, str]:
    """Whether each of these devices opens every old mail with the right key, and how many each reads."""
    counts = {}
    for device in devices:
        readings = [device.read(mail) for mail in scenario.old_mails]
        counts[device.name] = sum(
            reading.decrypted is True and reading.recipient == issued.thumbprint
            for reading, issued in zip(readings, scenario.imported, strict=True)
        )
    detail = "; ".join(f"{name} reads {count} of {len(scenario.old_mails)}" for name, count in counts.items())
    return bool(counts) and all(count == len(scenario.old_mails) == 3 for count in counts.values()), detail


async def later_device(scenario: Scenario) -> Evidence:
    """Enrol a device after the import; prove that it gets all three certificates and reads the old mail."""
    scenario.narrate("Alice buys a tablet and enrols it. Nothing is imported again.")
    tablet = await scenario.enroll(
        "alice-tablet", name="Alice's tablet", person="alice", kind=kind_of(Platform.ANDROID)
    )
    await scenario.settle(lambda: _has_all_three(scenario, tablet) and len(tablet.identities("pkcs")) == 2)
    reads, detail = _reads_everything(scenario, [tablet])
    held = _has_all_three(scenario, tablet) and reads
    count = len(tablet.identities("imported"))
    return Evidence(held, f"{count} imported certificates; {detail} old mails")


async def signed_mail(scenario: Scenario) -> Evidence:
    """Sign a mail without its chain; prove that it verifies by the root and the intermediate that were delivered."""
    scenario.narrate(
        "Alice signs a mail on her company phone. The mail does not carry the intermediate certificate: the readers' "
        "devices already have it."
    )
    first = scenario.devices["alice-company"]
    signer = next((identity for identity in first.identities("pkcs") if can_sign(identity.certificate)), None)
    if signer is None:
        return Evidence(held=False, detail=f"{first.name} has no signing certificate")
    mail = scenario.mail(
        "signed",
        sender="alice",
        recipient="bob",
        date=await scenario.control.now(),
        text="We meet at ten.",
        signer=signer,
        with_chain=False,
    )
    refusals = [
        f"{device.name}: {reading.why}"
        for device in scenario.enrolled_devices()
        if not (reading := device.read(mail)).verified
    ]
    forged = scenario.devices_of("bob")[0].read(mail.replace(b"at ten", b"at two"))
    held = not refusals and forged.verified is False
    detail = "; ".join(refusals) or "verified on every device"
    forgery = "it is still verified" if forged.verified else f"it is refused: {forged.why}"
    return Evidence(held, f"{detail}; with one word changed {forgery}")


async def same_signer(scenario: Scenario) -> Evidence:
    """Import a signing certificate; prove that every device of Alice's signs with it, as the same signer."""
    scenario.narrate(
        "A signing certificate can be imported too. Then Alice signs with the same certificate on every device."
    )
    now = await scenario.control.now()
    issued, password = await _issue(scenario, "SmimeSigning", begin=now - timedelta(days=1), end=now + _YEAR)
    key = await scenario.control.connector_key()
    await scenario.graph.import_pfx(
        issued, password=password, user=scenario.user("alice"), purpose="smimeSigning", key=key
    )
    await scenario.assign(profiles.imported("S/MIME signing, imported", purpose="smimeSigning"))
    await scenario.settle(
        lambda: all(device.identities("imported", fit=can_sign) for device in scenario.devices_of("alice"))
    )
    bob, signers, faults = scenario.devices_of("bob")[0], set(), []
    for device in scenario.devices_of("alice"):
        for identity in device.identities("imported", fit=can_sign):
            text = f"Signed on {device.name}."
            name = f"signed on {device.name}"
            mail = scenario.mail(name, sender="alice", recipient="bob", date=now, text=text, signer=identity)
            reading = bob.read(mail)
            signers.add(reading.signer_thumbprint)
            if not reading.verified:
                faults.append(f"{device.name}: {reading.why}")
    counts = [len(device.identities("imported", fit=can_sign)) for device in scenario.devices_of("alice")]
    held = bool(counts) and set(counts) == {1} and signers == {issued.thumbprint} and not faults
    marks = ", ".join(str(signer)[:8] for signer in signers) or "nobody"
    return Evidence(held, "; ".join(faults) or f"the signer of mail from {sum(counts)} devices is {marks}")
