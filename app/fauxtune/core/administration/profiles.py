"""Create, change and delete profiles: for each platform the kind that it has, with the properties that this kind has.

Graph (beta): deviceConfiguration: create, update, delete. Properties: the kinds' types in `core.graph`, which decide
what a body contains; what a kind has no property for is said in the notes of its request.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from fauxtune.core.administration.choices import (
    EXTENDED_USAGES,
    INTENDED,
    KEY_USAGES,
    NINE,
    KeyUsage,
    MailApplication,
    ProfileFamily,
    Purpose,
    kind_of,
    profile_names,
)
from fauxtune.core.administration.requests import AdminRequest, Json, key, object_url
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.core.odata.schema.types import Entity, EnumType, Version
from fauxtune.core.profiles.variables import SUBJECT_FORMATS

PROFILES = "/deviceManagement/deviceConfigurations"
#: The references to other profiles, in words.
_REFERENCES = {
    "rootCertificate": "the root",
    "smimeSigningCertificate": "signing",
    "smimeEncryptionCertificate": "encryption",
}
#: The subject that every kind can have: Intune's `commonNameIncludingEmail`.
SUBJECT = SUBJECT_FORMATS["commonNameIncludingEmail"]
_NO_ROOT = "It refers to no trusted root profile: a device does not know which authority it is to request from."
_BY_SUBJECT = {text.lower(): name for name, text in SUBJECT_FORMATS.items()}


class Scale(StrEnum):
    """Graph: certificateValidityPeriodScale."""

    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Issuer:
    """The certification authority of PKCS certificates, by the names that profiles use. `kind` is Graph's
    certificationAuthorityType, which only the newest kinds of profiles have; None leaves it out.
    """

    host: str
    name: str
    kind: Literal["microsoft", "digiCert"] | None = "microsoft"


@dataclass(frozen=True, slots=True)
class AlternativeName:
    """A name in the certificate besides the subject. `kind` is Graph's subjectAlternativeNameType."""

    kind: str
    text: str


EMAIL_NAME = AlternativeName("emailAddress", "{{EmailAddress}}")
UPN_NAME = AlternativeName("userPrincipalName", "{{UserPrincipalName}}")
#: Graph: keySize.
KEY_SIZES = (1024, 2048, 4096)


@dataclass(frozen=True, slots=True)
class ScepKey:
    """The key that a device makes, and what its certificate is for. `size` is in bits; `purposes` are the extended key
    usages: OID -> name. `of_device`: it is the device's own rather than the user's (Windows: the machine's store).
    """

    size: int = 2048
    usages: tuple[KeyUsage, ...] = (KeyUsage.SIGNING, KeyUsage.ENCRYPTION)
    purposes: Mapping[str, str] = field(default_factory=lambda: dict([EXTENDED_USAGES["client"]]))
    of_device: bool = False


@dataclass(frozen=True, slots=True)
class MailAccount:
    """The settings of an e-mail profile. `signing` and `encryption` are the ids of the profiles of the same platform
    that deliver the certificates; `application` matters in an Android work profile only.
    """

    server: str
    account_name: str
    signing: Mapping[ProfilePlatform, str]
    encryption: Mapping[ProfilePlatform, str]
    application: MailApplication = MailApplication.GMAIL


def create_root(
    name: str,
    *,
    platforms: Iterable[ProfilePlatform],
    certificate: bytes,
    file_name: str | None = None,
    description: str | None = None,
    intermediate: bool = False,
) -> list[AdminRequest]:
    """Create trusted root profiles with this certificate, DER or PEM: one for each platform.

    `intermediate`: Windows keeps the certificate in the store of intermediate authorities.
    """
    store = "computerCertStoreIntermediate" if intermediate else "computerCertStoreRoot"
    settings = {
        "trustedRootCertificate": base64.b64encode(certificate).decode(),
        "certFileName": file_name or "root.cer",
        "destinationStore": store,
    }
    return [
        _create(_shape(ProfileFamily.ROOT, platform), title, description=description, settings=settings)
        for platform, title in profile_names(name, platforms).items()
    ]


def create_pkcs(
    name: str,
    *,
    platforms: Iterable[ProfilePlatform],
    issuer: Issuer,
    template: str,
    subject: str = SUBJECT,
    alternative_names: Sequence[AlternativeName] = (EMAIL_NAME,),
    validity: tuple[int, Scale] = (1, Scale.YEARS),
    renewal_percent: int = 20,
    roots: Mapping[ProfilePlatform, str] | None = None,
    description: str | None = None,
) -> list[AdminRequest]:
    """Create PKCS certificate profiles: one for each platform. Each device gets its own certificate and key.

    The template decides what the certificate is good for. `subject` is a name with variables, such as
    `CN={{UserName}},E={{EmailAddress}}`; `roots` are the ids of trusted root profiles.
    """
    settings = {
        "certificationAuthority": issuer.host,
        "certificationAuthorityName": issuer.name,
        **({} if issuer.kind is None else {"certificationAuthorityType": issuer.kind}),
        "certificateTemplateName": template,
        "certificateValidityPeriodValue": validity[0],
        "certificateValidityPeriodScale": validity[1].value,
        "renewalThresholdPercentage": renewal_percent,
    }
    return _certificate_profiles(
        ProfileFamily.PKCS,
        profile_names(name, platforms),
        settings=settings,
        subject=subject,
        alternative_names=alternative_names,
        roots=roots or {},
        description=description,
    )


def create_scep(
    name: str,
    *,
    platforms: Iterable[ProfilePlatform],
    urls: Sequence[str],
    key: ScepKey | None = None,
    subject: str = SUBJECT,
    alternative_names: Sequence[AlternativeName] = (EMAIL_NAME,),
    validity: tuple[int, Scale] = (1, Scale.YEARS),
    renewal_percent: int = 20,
    roots: Mapping[ProfilePlatform, str] | None = None,
    description: str | None = None,
) -> list[AdminRequest]:
    """Create SCEP certificate profiles: one for each platform. Each device makes its key itself, and requests its
    certificate at one of the addresses.

    `roots` are the ids of trusted root profiles with the root of the authority that issues: every kind refers to one.
    """
    key = key or ScepKey()
    if not urls:
        raise Invalid("A SCEP profile needs the address of a SCEP server.", target="url")
    if key.size not in KEY_SIZES:
        sizes = ", ".join(map(str, KEY_SIZES))
        raise Invalid(f"A SCEP key cannot have {key.size} bits: choose one of {sizes}.", target="key")
    if not key.usages:
        raise Invalid("Say what the key is for: signing, encryption or both.", target="key")
    settings = {
        "scepServerUrls": list(urls),
        "keySize": f"size{key.size}",
        "keyUsage": ",".join(word for usage, word in KEY_USAGES.items() if usage in key.usages),
        "hashAlgorithm": "sha2",
        "keyStorageProvider": "useTpmKspOtherwiseUseSoftwareKsp",
        "extendedKeyUsages": [{"name": words, "objectIdentifier": oid} for oid, words in key.purposes.items()],
        **({"certificateStore": "machine", "deploymentChannel": "deviceChannel"} if key.of_device else {}),
        "certificateValidityPeriodValue": validity[0],
        "certificateValidityPeriodScale": validity[1].value,
        "renewalThresholdPercentage": renewal_percent,
    }
    return _certificate_profiles(
        ProfileFamily.SCEP,
        profile_names(name, platforms),
        settings=settings,
        subject=subject,
        alternative_names=alternative_names,
        roots=roots or {},
        description=description,
    )


def create_imported(
    name: str,
    *,
    platforms: Iterable[ProfilePlatform],
    purpose: Purpose,
    description: str | None = None,
) -> list[AdminRequest]:
    """Create imported PFX certificate profiles: one for each platform. All devices of a user get the same certificates,
    those that were imported for this purpose.
    """
    settings = {"intendedPurpose": INTENDED[purpose]}
    return [
        _create(_shape(ProfileFamily.IMPORTED, platform), title, description=description, settings=settings)
        for platform, title in profile_names(name, platforms).items()
    ]


def create_email(
    name: str,
    *,
    platforms: Iterable[ProfilePlatform],
    account: MailAccount,
    description: str | None = None,
) -> list[AdminRequest]:
    """Create e-mail profiles: one for each platform. Only those of iOS, and of Samsung phones with a device
    administrator, refer to certificates.
    """
    settings: Json = {
        "hostName": account.server,
        "accountName": account.account_name,
        "emailAddressSource": "primarySmtpAddress",
        "usernameSource": "userPrincipalName",
        "authenticationMethod": "usernameAndPassword",
        "durationOfEmailToSync": "oneMonth",
        "requireSsl": True,
    }
    requests = []
    for platform, title in profile_names(name, platforms).items():
        shape = _mail_shape(platform, account.application)
        references = {"smimeSigningCertificate": account.signing, "smimeEncryptionCertificate": account.encryption}
        bound, notes = _bound(shape, references, platform=platform)
        requests.append(
            _create(
                shape,
                title,
                description=description,
                settings={**settings, **_smime(shape, bound)},
                bound=bound,
                notes=notes,
            )
        )
    return requests


def change_profile(profile_id: str, *, kind: str, changes: Json) -> AdminRequest:
    """Change properties of a profile of this kind."""
    body = {"@odata.type": entity(kind).odata_type, **changes}
    return AdminRequest("PATCH", f"{PROFILES}/{key(profile_id)}", body)


def _shape(family: ProfileFamily, platform: ProfilePlatform) -> Entity:
    return entity(kind_of(family, platform))


def _certificate_profiles(
    family: ProfileFamily,
    titles: Mapping[ProfilePlatform, str],
    *,
    settings: Json,
    subject: str,
    alternative_names: Sequence[AlternativeName],
    roots: Mapping[ProfilePlatform, str],
    description: str | None,
) -> list[AdminRequest]:
    """The requests that create PKCS or SCEP profiles, one for each title."""
    requests = []
    for platform, title in titles.items():
        shape = _shape(family, platform)
        named, subject_notes = _subject(shape, subject)
        alternatives, name_notes = _alternative_names(shape, alternative_names)
        bound, root_notes = _bound(shape, {"rootCertificate": roots}, platform=platform)
        if family is ProfileFamily.SCEP:
            # Every SCEP kind can refer to a root, and has to.
            root_notes = () if bound else (_NO_ROOT,)
        requests.append(
            _create(
                shape,
                title,
                description=description,
                settings={**settings, **named, **alternatives},
                bound=bound,
                notes=(*subject_notes, *name_notes, *root_notes),
            )
        )
    return requests


def _mail_shape(platform: ProfilePlatform, application: MailApplication) -> Entity:
    if platform is ProfilePlatform.ANDROID and application is MailApplication.NINE:
        return entity(NINE)
    return _shape(ProfileFamily.EMAIL, platform)


def _create(
    shape: Entity,
    name: str,
    *,
    description: str | None,
    settings: Json,
    bound: Json | None = None,
    notes: tuple[str, ...] = (),
) -> AdminRequest:
    """The request that creates a profile with those of the settings that its kind has."""
    if not name.strip():
        raise Invalid("A profile needs a name.", target="name")
    known = shape.properties_in(Version.BETA)
    body: Json = {"@odata.type": shape.odata_type, "displayName": name}
    if description is not None:
        body["description"] = description
    body |= {name: value for name, value in settings.items() if name in known}
    return AdminRequest("POST", PROFILES, {**body, **(bound or {})}, notes=notes)


def _subject(shape: Entity, text: str) -> tuple[Json, tuple[str, ...]]:
    """The properties of the subject: one of the formats that have names, else the text itself."""
    known = shape.properties_in(Version.BETA)
    formats: Any = known["subjectNameFormat"].type
    assert isinstance(formats, EnumType)
    name = _BY_SUBJECT.get(text.replace(" ", "").lower())
    if name in formats.members:
        return {"subjectNameFormat": name}, ()
    if "subjectNameFormatString" in known:
        return {"subjectNameFormat": "custom", "subjectNameFormatString": text}, ()
    note = f"This kind cannot have the subject '{text}': its certificates have {SUBJECT}."
    return {"subjectNameFormat": _BY_SUBJECT[SUBJECT.lower()]}, (note,)


def _alternative_names(shape: Entity, names: Sequence[AlternativeName]) -> tuple[Json, tuple[str, ...]]:
    """The properties of the alternative names: a list of texts, in the oldest kinds only a choice of two."""
    if "customSubjectAlternativeNames" in shape.properties_in(Version.BETA):
        return {"customSubjectAlternativeNames": [{"sanType": one.kind, "name": one.text} for one in names]}, ()
    flags = [one.kind for one in names if one in {EMAIL_NAME, UPN_NAME}]
    notes = tuple(
        f"This kind cannot have the alternative name '{one.text}': only the user's e-mail address and principal name."
        for one in names
        if one not in {EMAIL_NAME, UPN_NAME}
    )
    return {"subjectAlternativeNameType": ",".join(flags) or "none"}, notes


def _bound(
    shape: Entity, references: Mapping[str, Mapping[ProfilePlatform, str]], *, platform: ProfilePlatform
) -> tuple[Json, tuple[str, ...]]:
    """The members that refer to other profiles, as far as the kind has such references and there is such a profile."""
    body: Json = {}
    notes = []
    for name, profiles in references.items():
        if not profiles:
            continue
        if shape.navigation(name) is None:
            notes.append(f"It cannot refer to a profile for {_REFERENCES[name]}: Graph has no {name} for its type.")
        elif platform not in profiles:
            notes.append(f"It refers to no profile for {_REFERENCES[name]}: none of that name is for its platform.")
        else:
            body[f"{name}@odata.bind"] = object_url(PROFILES, profiles[platform])
    return body, tuple(notes)


def _smime(shape: Entity, bound: Json) -> Json:
    """The switches that make an account use the certificates that it refers to. Samsung's has one switch only."""
    signing = "smimeSigningCertificate@odata.bind" in bound
    encryption = "smimeEncryptionCertificate@odata.bind" in bound
    if "smimeSigningEnabled" not in shape.properties_in(Version.BETA):
        return {"requireSmime": signing}
    return {"smimeSigningEnabled": signing, "smimeEncryptByDefaultEnabled": encryption}
