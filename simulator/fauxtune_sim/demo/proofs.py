"""The proofs about certificates: which certificates each device gets, and what can be done with them."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509

from fauxtune_sim.demo import profiles
from fauxtune_sim.demo.clients import pfx_import
from fauxtune_sim.demo.narration import ShownRequest, Table, joined
from fauxtune_sim.demo.scenario import DemoDevice, Fitness, Scenario, for_display
from fauxtune_sim.keys.certificates import can_encrypt, can_sign, mark, public_key_bytes
from fauxtune_sim.keys.keystore import Identity, new_key
from fauxtune_sim.platforms import Mode, Platform, kind_of
from fauxtune_sim.server.control import IssuedCertificate

_YEAR = timedelta(days=365)
#: The titles of profiles that a later profile refers to.
SIGNING, ENCRYPTION = "S/MIME signing", "S/MIME encryption, imported"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Whether a proof held, what the devices showed in a sentence, and the table that shows it."""

    held: bool
    detail: str
    table: Table | None = None


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
    say = scenario.narration.say
    say("")
    say("Alice has a device of every kind, her company's and her own. Bob has a phone with a work profile.")
    company_phone = _COMPANY_PHONES.get(scenario.edition, _COMPANY_PHONE)
    with scenario.narration.waiting("The devices enrol ..."):
        devices = (("alice-company", "Alice's company phone", "alice", company_phone), *_DEVICES)
        # One after the other enrols, and meanwhile the others make their keys.
        keys = [asyncio.create_task(asyncio.to_thread(new_key)) for _ in devices]
        for (folder, name, person, kind), key in zip(devices, keys, strict=True):
            await scenario.enroll(folder, name=name, person=person, kind=kind, identity_key=await key)
    rows = [
        (device.name, str(device.record.kind), device.user.partition("@")[0], key)
        for key, device in scenario.devices.items()
    ]
    scenario.narration.table(Table(("device", "kind", "user", "folder of its keys"), rows))
    scenario.narration.exactly(f"  The folders are in {scenario.folder}")
    say("")
    say(
        "Alice and Bob are in the group SMIME Pilot. The administrator assigns trusted certificate profiles to it, so "
        "that their devices trust the company's root certificate and its intermediate certificate."
    )
    scenario.group = await scenario.graph.group("SMIME Pilot")
    root, issuing = [await scenario.authority_certificate(name) for name in ("root", "issuing")]
    scenario.root, scenario.issuing = x509.load_der_x509_certificate(root), x509.load_der_x509_certificate(issuing)
    certificates = {"Contoso root": scenario.root, "Contoso intermediate": scenario.issuing}
    for title, der in zip(certificates, (root, issuing), strict=True):
        await scenario.assign(profiles.roots(title, der))

    def trusts(device: DemoDevice, der: bytes) -> bool:
        return der in device.record.keystore.trusted.values()

    def trusted_by_all() -> bool:
        return all(trusts(device, der) for device in scenario.enrolled_devices() for der in (root, issuing))

    await scenario.settle(trusted_by_all)
    trust_rows = [
        (
            device.name,
            *(
                mark(certificate) if trusts(device, der) else "-"
                for certificate, der in zip(certificates.values(), (root, issuing), strict=True)
            ),
        )
        for device in scenario.enrolled_devices()
    ]
    await scenario.learn_names(cell for row in trust_rows for cell in row)
    scenario.narration.table(Table(("device", *certificates), trust_rows))
    say("(A certificate is called by its mark, as in the console, and the first digits of its thumbprint.)", indent=2)


def _marks(device: DemoDevice, source: str, *, fit: Fitness) -> str:
    """Name the certificates on a device that come from this source and fit."""
    return " ".join(mark(identity.certificate) for identity in device.identities(source, fit=fit)) or "-"


async def own_signing_keys(scenario: Scenario) -> Evidence:
    """Assign a PKCS signing profile; prove that each device has one signing certificate, with a key of its own."""
    scenario.narration.say(
        "The administrator assigns PKCS certificate profiles: the certificate connector issues a signing certificate "
        "to each device. (There is no such profile for Windows Phone 8.1.)"
    )
    await scenario.assign(profiles.pkcs(SIGNING, template="SmimeSigning", authority=scenario.authority))
    await scenario.settle(lambda: all(device.identities("pkcs") for device in scenario.devices_with_pkcs()))
    certificates = [
        [identity.certificate for identity in device.identities("pkcs")] for device in scenario.devices_with_pkcs()
    ]
    marks = {mark(certificate) for each in certificates for certificate in each}
    keys = {public_key_bytes(certificate) for each in certificates for certificate in each}
    held = all(len(each) == 1 for each in certificates) and len(marks) == len(keys) == len(certificates)
    rows = [(device.name, _marks(device, "pkcs", fit=can_sign)) for device in scenario.enrolled_devices()]
    return Evidence(
        held,
        f"{len(certificates)} devices have {len(marks)} signing certificates with {len(keys)} different keys",
        Table(("device", SIGNING), rows),
    )


async def own_encryption_keys(scenario: Scenario) -> Evidence:
    """Assign a PKCS encryption profile; prove that mail encrypted to one device's certificate opens only there."""
    scenario.narration.say(
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
    readings = {device.name: device.read(mail) for device in (first, *others)}
    readers = [name for name, reading in readings.items() if reading.decrypted]
    rows = [
        (device.name, _marks(device, "pkcs", fit=can_encrypt), _yes(readings[device.name].decrypted))
        for device in (first, *others)
    ]
    short = mark(certificate.certificate)
    return Evidence(
        readers == [first.name],
        f"a mail that is encrypted to {short} can be read on {joined(readers)}, and on no other device",
        Table(("device", title, "reads the mail"), rows),
    )


def _yes(answer: object) -> str:
    return "yes" if answer else "no"


def per_device_encryption(device: DemoDevice) -> Identity | None:
    """The encryption certificate that was issued only for this device."""
    return next((identity for identity in device.identities("pkcs") if can_encrypt(identity.certificate)), None)


async def same_encryption_keys(scenario: Scenario) -> Evidence:
    """Import three encryption certificates; prove that all of Alice's devices get them and none of Bob's."""
    scenario.narration.say(
        "So encryption certificates are imported with their keys instead: three of Alice's, one for each of three "
        "years. Two of them have expired."
    )
    now = await scenario.control.now()
    periods = [(now - years * _YEAR, now - (years - 1) * _YEAR) for years in (3, 2)] + [(now - _YEAR, now + _YEAR)]
    await _import(scenario, "SmimeEncryption", purpose="smimeEncryption", periods=periods)
    await scenario.assign(profiles.imported(ENCRYPTION, purpose="smimeEncryption"))
    await scenario.settle(lambda: all(_has_all_three(scenario, device) for device in scenario.devices_of("alice")))
    rows = [(device.name, *_imported_marks(scenario, device)) for device in scenario.enrolled_devices()]
    alices, bobs = scenario.devices_of("alice"), scenario.devices_of("bob")
    complete = [device for device in alices if _has_all_three(scenario, device)]
    others = sum(len(device.identities("imported")) for device in bobs)
    return Evidence(
        len(complete) == len(alices) and not others,
        f"{len(complete)} of {len(alices)} devices of Alice's have the same three certificates; "
        f"{joined(device.name for device in bobs)} has {others or 'none'} of them",
        Table(
            (
                "device",
                *(f"until {certificate.certificate.not_valid_after_utc:%Y-%m}" for certificate in scenario.imported),
            ),
            rows,
        ),
    )


def _imported_marks(scenario: Scenario, device: DemoDevice) -> list[str]:
    """The marks of the three imported encryption certificates, with a hyphen for each that the device lacks."""
    held = {identity.thumbprint for identity in device.identities("imported", fit=can_encrypt)}
    return [
        mark(certificate.certificate) if certificate.thumbprint in held else "-" for certificate in scenario.imported
    ]


async def _import(
    scenario: Scenario, template: str, *, purpose: str, periods: list[tuple[datetime, datetime]]
) -> list[IssuedCertificate]:
    """Issue certificates for Alice through the control surface and import them. Returns them."""
    user = scenario.user("alice")
    orders = [
        {
            "template": template,
            "userPrincipalName": user,
            "notBefore": _wire_time(begin),
            "notAfter": _wire_time(end),
            "pfxPassword": secrets.token_urlsafe(18),
        }
        for begin, end in periods
    ]
    note = f"(and {len(orders) - 1} more)" if len(orders) > 1 else ""
    path = f"/_fauxtune/v1/tenants/{scenario.tenant}/certificates"
    await scenario.narration.before(ShownRequest("POST", path, orders[0] | {"pfxPassword": "..."}, note))
    issued = [await scenario.control.issue(order) for order in orders]
    key = await scenario.control.connector_key()
    imports = [
        pfx_import(certificate, password=order["pfxPassword"], user=user, purpose=purpose, key=key)
        for certificate, order in zip(issued, orders, strict=True)
    ]
    await scenario.narration.before(for_display(imports[0], note=note))
    for request in imports:
        await scenario.graph.send(request)
    if purpose == "smimeEncryption":
        scenario.imported += issued
    return issued


def _wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _has_all_three(scenario: Scenario, device: DemoDevice) -> bool:
    thumbprints = [identity.thumbprint for identity in device.identities("imported", fit=can_encrypt)]
    return thumbprints == [issued.thumbprint for issued in scenario.imported]


async def old_mail(scenario: Scenario) -> Evidence:
    """Write a mail in each of the three years; prove that every device of Alice's reads all of them."""
    scenario.narration.say(
        "Bob wrote a mail to Alice in each of the three years, encrypted to her certificate of that year. She wants to "
        "read all three on every device."
    )
    await scenario.narration.before()
    for issued in scenario.imported:
        date = issued.certificate.not_valid_before_utc + timedelta(days=100)
        mail = scenario.mail(
            f"from {date:%Y-%m-%d}",
            sender="bob",
            recipient="alice",
            date=date,
            text=f"Written on {date:%Y-%m-%d}, readable for as long as the key is kept.",
            encrypt_to=issued.certificate,
        )
        scenario.old_mails[f"mail of {date:%Y-%m}"] = mail
    alices, bobs = scenario.devices_of("alice"), scenario.devices_of("bob")
    readers = [device for device in alices if all(_reads_old_mail(scenario, device))]
    strangers = [device for device in bobs if any(_reads_old_mail(scenario, device))]
    rows = [
        (enrolled_device.name, *map(_yes, _reads_old_mail(scenario, enrolled_device)))
        for enrolled_device in scenario.enrolled_devices()
    ]
    return Evidence(
        len(scenario.old_mails) == 3 and len(readers) == len(alices) and not strangers,
        f"{len(readers)} of {len(alices)} devices of Alice's read the mail of all three years, and "
        f"{len(strangers) or 'none'} of Bob's",
        Table(("device", *scenario.old_mails), rows),
    )


def _reads_old_mail(scenario: Scenario, device: DemoDevice) -> list[bool]:
    """Whether a device reads each of the old mails, with the key that it was encrypted to."""
    readings = [device.read(mail) for mail in scenario.old_mails.values()]
    return [
        reading.decrypted is True and reading.recipient == issued.thumbprint
        for reading, issued in zip(readings, scenario.imported, strict=True)
    ]


async def later_device(scenario: Scenario) -> Evidence:
    """Enrol a device after the import; prove that it gets all three certificates and reads the old mail."""
    scenario.narration.say("Alice buys a tablet and enrols it. Nothing is imported again.")
    await scenario.narration.before()
    tablet = await scenario.enroll(
        "alice-tablet", name="Alice's tablet", person="alice", kind=kind_of(Platform.ANDROID)
    )
    await scenario.settle(lambda: _has_all_three(scenario, tablet) and len(tablet.identities("pkcs")) == 2)
    reads = _reads_old_mail(scenario, tablet)
    rows = [
        (year, short, _yes(does))
        for year, short, does in zip(scenario.old_mails, _imported_marks(scenario, tablet), reads, strict=True)
    ]
    return Evidence(
        _has_all_three(scenario, tablet) and len(reads) == 3 and all(reads),
        f"{tablet.name} has {len(tablet.identities('imported'))} imported certificates and reads {sum(reads)} of "
        f"{len(reads)} old mails",
        Table(("", "imported certificate", f"{tablet.name} reads it"), rows),
    )


async def signed_mail(scenario: Scenario) -> Evidence:
    """Sign a mail without its chain; prove that it verifies by the root and the intermediate that were delivered."""
    scenario.narration.say(
        "Alice signs a mail on her company phone. The mail does not carry the intermediate certificate: the readers' "
        "devices already have it."
    )
    await scenario.narration.before()
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
    readings = {device.name: device.read(mail) for device in scenario.enrolled_devices()}
    refusals = [f"{name}: {reading.why}" for name, reading in readings.items() if not reading.verified]
    forged = scenario.devices_of("bob")[0].read(mail.replace(b"at ten", b"at two"))
    forgery = "it is still verified" if forged.verified else f"it is refused: {forged.why}"
    return Evidence(
        not refusals and forged.verified is False,
        f"{'; '.join(refusals) or f'verified on all {len(readings)} devices'}; with one word changed {forgery}",
        Table(("device", "verifies the signature"), [(name, _yes(each.verified)) for name, each in readings.items()]),
    )


async def same_signer(scenario: Scenario) -> Evidence:
    """Import a signing certificate; prove that every device of Alice's signs with it, as the same signer."""
    scenario.narration.say(
        "A signing certificate can be imported too. Then Alice signs with the same certificate on every device."
    )
    now = await scenario.control.now()
    periods = [(now - timedelta(days=1), now + _YEAR)]
    (issued,) = await _import(scenario, "SmimeSigning", purpose="smimeSigning", periods=periods)
    title = "S/MIME signing, imported"
    await scenario.assign(profiles.imported(title, purpose="smimeSigning"))
    alices = scenario.devices_of("alice")
    await scenario.settle(lambda: all(device.identities("imported", fit=can_sign) for device in alices))
    bob, signers, faults, rows = scenario.devices_of("bob")[0], set(), [], []
    for device in alices:
        identities = device.identities("imported", fit=can_sign)
        signs_once = len(identities) == 1
        for identity in identities:
            name, text = f"signed on {device.name}", f"Signed on {device.name}."
            mail = scenario.mail(name, sender="alice", recipient="bob", date=now, text=text, signer=identity)
            reading = bob.read(mail)
            signers.add(reading.signer_thumbprint)
            signs_once = signs_once and reading.verified is True
        faults += [] if signs_once else [f"{device.name} does not sign with one certificate that Bob can verify"]
        rows.append((device.name, _marks(device, "imported", fit=can_sign), _yes(signs_once)))
    return Evidence(
        bool(rows) and signers == {issued.thumbprint} and not faults,
        "; ".join(faults)
        or f"mail from {len(rows)} devices is signed by {joined(_short(signer) for signer in signers)}",
        Table(("device", title, "Bob verifies its mail"), rows),
    )


def _short(thumbprint: str | None) -> str:
    return "nobody" if thumbprint is None else thumbprint[:8]
