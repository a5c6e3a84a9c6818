"""The settings of a profile, as an administrator types them into the form of its family, and the requests for them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.administration import profiles as administration
from fauxtune.core.administration.choices import EXTENDED_USAGES, KeyUsage, MailApplication, ProfileFamily, Purpose
from fauxtune.core.administration.profiles import (
    EMAIL_NAME,
    KEY_SIZES,
    SUBJECT,
    UPN_NAME,
    Issuer,
    MailAccount,
    Scale,
    ScepKey,
)
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.errors import Invalid
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.core.pki.foreign import certificate_from, is_intermediate
from fauxtune_console.profiles.choices import Choices
from fauxtune_console.session import Typed

#: data. What a new form shows, by family; a box that is not named is not ticked.
DEFAULTS: Mapping[ProfileFamily, Mapping[str, Sequence[str]]] = {
    ProfileFamily.ROOT: {"source": ["root"]},
    ProfileFamily.PKCS: {
        "template": ["SmimeSigning"],
        "subject": [SUBJECT],
        "names": ["email"],
        "validity": ["1"],
        "scale": [Scale.YEARS.value],
        "renewal": ["20"],
        "root": ["on"],
    },
    ProfileFamily.SCEP: {
        "key-size": ["2048"],
        "key-usage": ["signing", "encryption"],
        "purposes": ["client"],
        "subject": [SUBJECT],
        "names": ["email"],
        "validity": ["1"],
        "scale": [Scale.YEARS.value],
        "renewal": ["20"],
    },
    ProfileFamily.IMPORTED: {"purpose": [Purpose.ENCRYPTION.value]},
    ProfileFamily.EMAIL: {"account": ["Work"], "application": [MailApplication.GMAIL.value]},
}
_NAMES = {"email": EMAIL_NAME, "upn": UPN_NAME}
_LONGEST_VALIDITY = 9999
#: Characters of a certificate as text; a larger file is no certificate of an authority.
LONGEST_CERTIFICATE = 64 * 1024


#: The ids of the root profiles to refer to, by platform.
Roots = Mapping[ProfilePlatform, str]


class Settings(Protocol):
    """The settings of one family."""

    def requests(
        self, name: str, *, platforms: Sequence[ProfilePlatform], description: str | None, roots: Roots
    ) -> list[AdminRequest]:
        """Return the requests that create profiles with these settings, one for each platform, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class RootSettings:
    """A certificate that devices are to trust, DER."""

    certificate: bytes
    file_name: str

    def requests(
        self, name: str, *, platforms: Sequence[ProfilePlatform], description: str | None, roots: Roots
    ) -> list[AdminRequest]:
        """Return the requests that create the profiles."""
        return administration.create_root(
            name,
            platforms=platforms,
            certificate=self.certificate,
            file_name=self.file_name,
            description=description,
            intermediate=is_intermediate(self.certificate),
        )


@dataclass(frozen=True, slots=True)
class PkcsSettings:
    """A certificate of its own for each device."""

    issuer: Issuer
    template: str
    subject: str
    names: tuple[administration.AlternativeName, ...]
    validity: tuple[int, Scale]
    renewal: int

    def requests(
        self, name: str, *, platforms: Sequence[ProfilePlatform], description: str | None, roots: Roots
    ) -> list[AdminRequest]:
        """Return the requests that create the profiles."""
        return administration.create_pkcs(
            name,
            platforms=platforms,
            issuer=self.issuer,
            template=self.template,
            subject=self.subject,
            alternative_names=self.names,
            validity=self.validity,
            renewal_percent=self.renewal,
            roots=roots,
            description=description,
        )


@dataclass(frozen=True, slots=True)
class ScepSettings:
    """A certificate of its own for each device, which makes the key itself. `roots`: the root profiles to refer to that
    the tenant has; empty for the root of the tenant's own CA.
    """

    urls: tuple[str, ...]
    key: ScepKey
    subject: str
    names: tuple[administration.AlternativeName, ...]
    validity: tuple[int, Scale]
    renewal: int
    roots: Roots

    def requests(
        self, name: str, *, platforms: Sequence[ProfilePlatform], description: str | None, roots: Roots
    ) -> list[AdminRequest]:
        """Return the requests that create the profiles."""
        return administration.create_scep(
            name,
            platforms=platforms,
            urls=self.urls,
            key=self.key,
            subject=self.subject,
            alternative_names=self.names,
            validity=self.validity,
            renewal_percent=self.renewal,
            roots={**self.roots, **roots},
            description=description,
        )


@dataclass(frozen=True, slots=True)
class ImportedSettings:
    """The certificates that were imported for the device's user and this purpose."""

    purpose: Purpose

    def requests(
        self, name: str, *, platforms: Sequence[ProfilePlatform], description: str | None, roots: Roots
    ) -> list[AdminRequest]:
        """Return the requests that create the profiles."""
        return administration.create_imported(name, platforms=platforms, purpose=self.purpose, description=description)


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """An account at a mail server."""

    account: MailAccount

    def requests(
        self, name: str, *, platforms: Sequence[ProfilePlatform], description: str | None, roots: Roots
    ) -> list[AdminRequest]:
        """Return the requests that create the profiles."""
        return administration.create_email(name, platforms=platforms, account=self.account, description=description)


def read_settings(family: ProfileFamily, form: Typed, *, choices: Choices) -> Settings | None:
    """Return the settings that were typed. None if a field is wrong, which the form's errors then say."""
    match family:
        case ProfileFamily.ROOT:
            settings: Settings | None = _root(form, choices)
        case ProfileFamily.PKCS:
            settings = _pkcs(form, choices)
        case ProfileFamily.SCEP:
            settings = _scep(form, choices)
        case ProfileFamily.IMPORTED:
            settings = _imported(form)
        case ProfileFamily.EMAIL:
            settings = _email(form, choices)
    return None if form.errors else settings


def _root(form: Typed, choices: Choices) -> RootSettings | None:
    source = form.text("source")
    if source in choices.authorities:
        return RootSettings(choices.authorities[source], f"{source}.cer")
    certificate = _certificate(form)
    return None if certificate is None else RootSettings(certificate, form.text("file") or "root.cer")


def _certificate(form: Typed) -> bytes | None:
    """Return the certificate that was pasted or uploaded, DER; PEM, or DER in base64."""
    text = form.text("certificate")
    if not text:
        form.wrong("certificate", "Choose a certificate file, or paste the certificate as text (PEM).")
        return None
    try:
        data = text.encode() if "-----BEGIN" in text else base64.b64decode("".join(text.split()), validate=True)
        return certificate_from(data, target="This").public_bytes(Encoding.DER)
    except Invalid as error:
        form.wrong("certificate", error.message)
    except (binascii.Error, ValueError):
        form.wrong("certificate", "This is no certificate: text that begins with -----BEGIN CERTIFICATE----- is.")
    return None


def _pkcs(form: Typed, choices: Choices) -> PkcsSettings:
    template = form.text("template")
    if template not in choices.templates:
        form.wrong("template", "Choose one of the CA's templates.")
    return PkcsSettings(
        issuer=Issuer(choices.tenant.ca_host, choices.tenant.ca_name),
        template=template,
        subject=_subject(form),
        names=_names(form),
        validity=_validity(form),
        renewal=_number(form, "renewal", most=99),
    )


def _scep(form: Typed, choices: Choices) -> ScepSettings:
    urls = tuple(form.text("urls").split())
    if not urls:
        form.wrong("urls", f"Name the SCEP server, such as {choices.tenant.scep_server}.")
    uses = tuple(key_usage for key_usage in KeyUsage if form.has("key-usage", key_usage))
    if not uses:
        form.wrong("key-usage", "Choose what the key is for.")
    size = form.text("key-size")
    if size not in map(str, KEY_SIZES):
        form.wrong("key-size", f"A key has {', '.join(map(str, KEY_SIZES))} bits.")
        size = str(ScepKey().size)
    root = form.text("root-profile")
    roots = choices.root_profiles(root)
    if root and not roots:
        form.wrong("root-profile", "This profile does not exist any more. Choose another.")
    purposes = dict(usage for word, usage in EXTENDED_USAGES.items() if form.has("purposes", word))
    return ScepSettings(
        urls=urls,
        key=ScepKey(int(size), uses, purposes, of_device=form.has("device")),
        subject=_subject(form),
        names=_names(form),
        validity=_validity(form),
        renewal=_number(form, "renewal", most=99),
        roots=roots,
    )


def _subject(form: Typed) -> str:
    subject = form.text("subject")
    if not subject:
        form.wrong("subject", f"Say whom the certificate names, such as {SUBJECT}.")
    return subject


def _names(form: Typed) -> tuple[administration.AlternativeName, ...]:
    return tuple(_NAMES[each] for each in form.all("names") if each in _NAMES)


def _validity(form: Typed) -> tuple[int, Scale]:
    scale = form.text("scale")
    if scale not in Scale.__members__.values():
        form.wrong("validity", "Choose days, months or years.")
        scale = Scale.YEARS
    return _number(form, "validity", most=_LONGEST_VALIDITY), Scale(scale)


def _number(form: Typed, name: str, *, most: int) -> int:
    text = form.text(name)
    if text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and 1 <= int(text) <= most:
        return int(text)
    form.wrong(name, f"Write a whole number from 1 to {most}.")
    return 1


def _imported(form: Typed) -> ImportedSettings | None:
    purpose = form.text("purpose")
    if purpose in Purpose.__members__.values():
        return ImportedSettings(Purpose(purpose))
    form.wrong("purpose", "Choose what the certificates are for.")
    return None


def _email(form: Typed, choices: Choices) -> EmailSettings:
    server, account = form.text("server"), form.text("account")
    if not server:
        form.wrong("server", "Name the mail server, such as mail.contoso.example.")
    if not account:
        form.wrong("account", "Give the account a name: people see it on their devices.")
    application = form.text("application")
    known = application in MailApplication.__members__.values()
    return EmailSettings(
        MailAccount(
            server,
            account,
            signing=_referred(form, choices, field="signing"),
            encryption=_referred(form, choices, field="encryption"),
            application=MailApplication(application) if known else MailApplication.GMAIL,
        )
    )


def _referred(form: Typed, choices: Choices, *, field: str) -> dict[ProfilePlatform, str]:
    """Return the profiles whose certificates the account uses, by platform."""
    referred = {}
    for platform in choices.referring(field):
        name = f"{field}-{platform}"
        chosen = form.text(name)
        if chosen in choices.certificates.get(platform, {}):
            referred[platform] = chosen
        elif chosen:
            form.wrong(name, "This profile does not exist any more. Choose another.")
    return referred
