"""The examples by which a report explains: chosen from what happened, the most telling ones first."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.mail.readability import Reading
from fauxtune.core.model.states import Source
from fauxtune_report.evidence.facts import COMPUTERS, OWN, Device, Facts, Mail


@dataclass(frozen=True, slots=True)
class Barred:
    """A mail that one device of a person can read by a key of its own, and another device of that person cannot.
    `other`: the certificate for encryption that the second one has; None without one.
    """

    mail: Mail
    reader: Device
    stranger: Device
    thumbprint: str
    other: str | None


@dataclass(frozen=True, slots=True)
class Shared:
    """An imported certificate, the devices that got it, and a mail for it."""

    thumbprint: str
    devices: tuple[Device, ...]
    mail: Mail | None


@dataclass(frozen=True, slots=True)
class Departed:
    """A device that left, with its own certificates that were revoked, and an imported one that was not."""

    device: Device
    revoked: tuple[str, ...]
    imported: str | None


def barred(facts: Facts) -> Barred | None:
    """Return the mail that shows best that a key of one device opens nothing on another; None without such a mail."""
    choices = [each for mail in facts.mails if mail.raw is not None for each in _barred(facts, mail)]
    return min(
        choices,
        key=lambda choice: (
            choice.other is None,
            len(choice.mail.recipients) > 1,
            (choice.stranger.id, choice.other) not in facts.keys,
            choice.stranger.variant not in COMPUTERS,
            choice.reader.variant in COMPUTERS,
        ),
        default=None,
    )


def _barred(facts: Facts, mail: Mail) -> list[Barred]:
    cells = mail.before or mail.now
    devices = [device for device in facts.devices_of(mail.owner) if device.id in cells]
    readers = [
        (device, thumbprint)
        for device in devices
        if cells[device.id].reading is Reading.READABLE
        and (thumbprint := cells[device.id].thumbprint) is not None
        and (known := facts.certificates.get(thumbprint)) is not None
        and known.source in OWN
        and len(facts.holders(thumbprint)) == 1
    ]
    strangers = [device for device in devices if cells[device.id].reading is Reading.KEY_NEVER_HERE]
    return [
        Barred(mail, reader, stranger, thumbprint, own_encryption(facts, stranger))
        for reader, thumbprint in readers
        for stranger in strangers
    ]


def own_encryption(facts: Facts, device: Device) -> str | None:
    """Return a certificate of only this device that can encrypt."""
    return next(
        (
            holding.thumbprint
            for holding in facts.held_by(device, *OWN)
            if (known := facts.certificates.get(holding.thumbprint)) is not None and known.encrypts
        ),
        None,
    )


def shared(facts: Facts) -> list[Shared]:
    """Return the imported certificates for encryption that reached devices, the newest first."""
    examples = []
    for thumbprint in dict.fromkeys(
        holding.thumbprint for holding in facts.holdings if holding.source is Source.IMPORTED
    ):
        known = facts.certificates.get(thumbprint)
        if known is not None and known.encrypts:
            mails = [mail for mail in facts.mails if thumbprint in mail.recipients and mail.owner == known.owner]
            readable = sorted(mails, key=lambda mail: (mail.raw is None, len(mail.recipients)))
            examples.append(Shared(thumbprint, tuple(facts.holders(thumbprint)), next(iter(readable), None)))
    return sorted(
        examples,
        key=lambda example: facts.certificates[example.thumbprint].certificate.not_valid_after_utc,
        reverse=True,
    )


def departed(facts: Facts) -> list[Departed]:
    """Return the devices that left, wiped ones first."""
    result = []
    for device in facts.devices:
        if device.left is not None:
            own = tuple(
                holding.thumbprint for holding in facts.held_by(device, *OWN) if holding.thumbprint in facts.revoked
            )
            held = [holding.thumbprint for holding in facts.held_by(device, Source.IMPORTED)]
            valid = [
                thumbprint
                for thumbprint in held
                if (known := facts.certificates.get(thumbprint)) is not None
                and thumbprint not in facts.revoked
                and not facts.is_expired(known)
            ]
            # A certificate for encryption shows more: what it decrypts stays readable.
            valid.sort(key=lambda thumbprint: not facts.certificates[thumbprint].encrypts)
            result.append(Departed(device, tuple(dict.fromkeys(own)), next(iter(valid), None)))
    return sorted(
        result,
        key=lambda each: (
            not (each.revoked and each.imported),
            each.device.left is None or each.device.left.how != "wiped",
        ),
    )
