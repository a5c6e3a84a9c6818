"""What came to a device and what went from it, in words: its keys, trusted certificates and mail accounts before and
after.

Platforms name what they install in their own ways (an alias, a profile's title, a hash). People are told the same of
all of them: what a certificate is for, and the first digits of its SHA-1 thumbprint, as the key store shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography import x509

from fauxtune_sim.accounts import MailAccount
from fauxtune_sim.certificates import mark, usage
from fauxtune_sim.device import Device
from fauxtune_sim.keystore import KeyEntry

#: A key, a trusted certificate (DER), or a mail account.
Thing = KeyEntry | bytes | MailAccount
_FOR = {"signing": "signing ", "encryption": "encryption ", "both": "signing and encryption "}


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a device held at one moment, by names that do not change. Taken at each check-in: it costs three copies."""

    keys: Mapping[str, KeyEntry]
    trusted: Mapping[str, bytes]
    accounts: Mapping[str, MailAccount]

    @classmethod
    def of(cls, device: Device) -> Holdings:
        """What it holds now."""
        return cls(dict(device.keystore.entries), dict(device.keystore.trusted), dict(device.accounts))

    def without(self, other: Holdings) -> list[Thing]:
        """What is here and not there, or is another thing there."""
        pairs: tuple[tuple[Mapping[str, Thing], Mapping[str, Thing]], ...] = (
            (self.keys, other.keys),
            (self.trusted, other.trusted),
            (self.accounts, other.accounts),
        )
        return [each for here, there in pairs for name, each in here.items() if there.get(name) != each]


def in_words(things: Iterable[Thing]) -> str:
    """`signing certificate b045d84f; trusted certificates 4c45f58c, 94c36b7f`."""
    marks: dict[str, list[str]] = {}
    for thing in things:
        what, which = _named(thing)
        marks.setdefault(what, []).append(which)
    return "; ".join(f"{what}{'' if len(each) == 1 else 's'} {', '.join(each)}" for what, each in marks.items())


def _named(thing: Thing) -> tuple[str, str]:
    if isinstance(thing, MailAccount):
        return "mail account", thing.address or thing.id
    if isinstance(thing, bytes):
        return "trusted certificate", mark(x509.load_der_x509_certificate(thing))
    certificate = x509.load_der_x509_certificate(thing.certificate)
    try:
        purpose = _FOR.get(usage(certificate), "")
    except ValueError:  # an extension that nothing can read
        purpose = ""
    return f"{purpose}certificate", mark(certificate)
