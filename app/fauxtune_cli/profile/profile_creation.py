"""`fauxtune profile create`: profiles of a family for several platforms at once, assigned at once if wanted."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fauxtune.core.administration.assignments import assign
from fauxtune.core.administration.choices import (
    EXTENDED_USAGES,
    KeyUsage,
    MailApplication,
    ProfileFamily,
    Purpose,
    platforms_of,
)
from fauxtune.core.administration.profiles import (
    EMAIL_NAME,
    SUBJECT,
    UPN_NAME,
    AlternativeName,
    Issuer,
    MailAccount,
    Scale,
    ScepKey,
    create_email,
    create_imported,
    create_pkcs,
    create_root,
    create_scep,
)
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.administration.scep import ndes_url
from fauxtune.core.administration.snippets import quoted
from fauxtune.core.model.words.platform_words import ProfilePlatform
from fauxtune.core.pki.foreign import certificate_from
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Session, partial
from fauxtune_cli.options import fail, one_line
from fauxtune_cli.profile.profile_choice import NewPlatformOption, by_platform, platforms, root_profiles, sentence
from fauxtune_cli.profile.targets import Assigning, NamedTarget, words_of
from fauxtune_cli.service import with_service

if TYPE_CHECKING:
    pass

app = typer.Typer(
    help="""Create profiles of one family for several platforms.

For one platform the profile has the name that you give; for several each has its platform behind it: "Signing (iOS)".

\b
fauxtune profile create root --name "Contoso root" --platform all --all-users
fauxtune profile create imported --name Mail --platform ios --platform macos""",
    no_args_is_help=True,
)

NameOption = Annotated[str, typer.Option("--name", metavar="NAME", help="the name of the profile")]
TemplateOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="the certificate template: see fauxtune template list",
        autocompletion=completion.template,
    ),
]
SanOption = Annotated[
    list[str] | None,
    typer.Option(
        "--san",
        metavar="NAME",
        help="an alternative name: email, upn, dns=TEXT or uri=TEXT, with variables; repeatable  [default: email]",
    ),
]
ValidityOption = Annotated[str, typer.Option(metavar="TIME", help="how long certificates are valid: 90d, 6m or 1y")]
RenewOption = Annotated[
    int, typer.Option(metavar="PERCENT", help="renew when so many percent of the validity are left")
]
DescriptionOption = Annotated[str | None, typer.Option("--description", metavar="TEXT", help="a description")]


ServersOption = Annotated[
    list[str] | None,
    typer.Option(metavar="URL", help="the SCEP server; of several Apple devices get one  [default: the tenant's own]"),
]
ScepRootOption = Annotated[
    str | None,
    typer.Option(
        "--root",
        metavar="PROFILE",
        help="the trusted root profile to refer to  [default: one with the tenant's own root]",
    ),
]
ScepSubjectOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="the subject, with variables  [default: the user, or CN={{AAD_Device_ID}} for devices]"
    ),
]
PurposesOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WORD",
        help="what certificates are for: client, mail or an OID, or none; repeatable  [default: client]",
    ),
]
UsesOption = Annotated[
    list[KeyUsage] | None, typer.Option(help="what the key is for; repeatable  [default: signing and encryption]")
]


@app.command()
@with_service(Assigning)
def root(
    *,
    name: NameOption,
    platform: NewPlatformOption,
    service: Assigning,
    certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="a certificate file, DER or PEM (default: the tenant's own root)"),
    ] = None,
    authority: Annotated[
        str,
        typer.Option(metavar="NAME", help="the authority of the tenant whose certificate it is: root, issuing ..."),
    ] = "root",
    description: DescriptionOption = None,
) -> None:
    """Create trusted root profiles.

    Devices trust the certificate. PKCS certificates are not installed without their root.

    \b
    fauxtune profile create root --name "Contoso root" --platform all --all-users
    fauxtune profile create root --name Partner --platform ios \\
      --certificate partner.cer
    """
    with service.session() as session:
        der = _read(certificate) if certificate is not None else _own_certificate(session, authority)
        requests = create_root(
            name,
            platforms=platforms(platform, family=ProfileFamily.ROOT),
            certificate=der,
            file_name=f"{authority}.cer" if certificate is None else certificate.name,
            description=description,
            intermediate=_is_intermediate(der),
        )
        _create(session, requests, names_=[name], targets=service.targets(session))


@app.command()
@with_service(Assigning)
def pkcs(
    *,
    name: NameOption,
    template: TemplateOption,
    platform: NewPlatformOption,
    service: Assigning,
    subject: Annotated[
        str, typer.Option(metavar="NAME", help="the subject, with variables")
    ] = "CN={{UserName}},E={{EmailAddress}}",
    san: SanOption = None,
    root_profile: Annotated[
        str | None,
        typer.Option("--root", metavar="PROFILE", help="the trusted root profile to refer to, where the kind can"),
    ] = None,
    validity: ValidityOption = "1y",
    renew: RenewOption = 20,
    digicert: Annotated[bool, typer.Option("--digicert", help="from the tenant's DigiCert CA, not its own")] = False,
    ca_host: Annotated[str | None, typer.Option(metavar="HOST", help="the host of any other CA")] = None,
    ca_name: Annotated[str | None, typer.Option(metavar="NAME", help="the name of that CA")] = None,
    description: DescriptionOption = None,
) -> None:
    """Create PKCS profiles: a certificate for each device.

    Each device gets a certificate and a key of its own.
    The template decides what the certificate is for. Devices need the root of the CA first: see create root. Where no
    profile has it, that is said.

    \b
    fauxtune profile create pkcs --name Signing --template SmimeSigning \\
      --platform all --group "All Staff"
    fauxtune profile create pkcs --name VPN --template User --platform windows \\
      --san upn --validity 90d
    """
    with service.session() as session:
        issuer, template = _issuer(session, digicert=digicert, host=ca_host, name=ca_name, template=template)
        chosen = platforms(platform, family=ProfileFamily.PKCS)
        requests = create_pkcs(
            name,
            platforms=chosen,
            issuer=issuer,
            template=template,
            subject=subject,
            alternative_names=[_alternative_name(each) for each in san or ["email"]],
            validity=_validity(validity),
            renewal_percent=renew,
            roots=by_platform(session.client, root_profile, families=[ProfileFamily.ROOT]),
            description=description,
        )
        hint = "" if digicert or ca_host else _root_hint(session, chosen)
        _create(session, requests, names_=[name], targets=service.targets(session), hint=hint)


@app.command()
@with_service(Assigning)
def scep(
    *,
    name: NameOption,
    platform: NewPlatformOption,
    service: Assigning,
    scep_server: ServersOption = None,
    root_profile: ScepRootOption = None,
    subject: ScepSubjectOption = None,
    san: SanOption = None,
    purpose: PurposesOption = None,
    usage: UsesOption = None,
    key_size: Annotated[int, typer.Option(metavar="BITS", help="the length of the RSA key: 1024, 2048, 4096")] = 2048,
    for_device: Annotated[
        bool, typer.Option("--for-device", help="for the device itself: it goes to Windows' machine store")
    ] = False,
    validity: ValidityOption = "1y",
    renew: RenewOption = 20,
    description: DescriptionOption = None,
) -> None:
    """Create SCEP profiles: devices make their keys themselves.

    A device makes a key that never leaves it, and asks a SCEP server for a certificate. With a challenge
    that only this device gets, Intune tells the server whether the request is the one that the profile asks for.
    Devices need the root of the CA first: see create root.

    \b
    fauxtune profile create scep --name "Wi-Fi" --platform all --all-users
    fauxtune profile create scep --name Partner --platform ios \\
      --scep-server https://scep.partner.example/scep --root "Partner root"
    """
    with service.session() as session:
        chosen = platforms(platform, family=ProfileFamily.SCEP)
        usual = "CN={{AAD_Device_ID}}" if for_device else SUBJECT
        requests = create_scep(
            name,
            platforms=chosen,
            urls=scep_server or [_own_scep_server(session)],
            key=ScepKey(
                size=key_size,
                usages=tuple(dict.fromkeys(usage or KeyUsage)),
                purposes=_purposes(purpose or ["client"]),
                of_device=for_device,
            ),
            subject=subject or usual,
            alternative_names=[_alternative_name(each) for each in san or ([] if for_device else ["email"])],
            validity=_validity(validity),
            renewal_percent=renew,
            roots=_roots(session, root_profile, own=not scep_server),
            description=description,
        )
        _create(session, requests, names_=[name], targets=service.targets(session))


@app.command()
@with_service(Assigning)
def imported(
    *,
    name: NameOption,
    platform: NewPlatformOption,
    service: Assigning,
    purpose: Annotated[
        list[Purpose] | None,
        typer.Option(help="what the certificates are for; repeatable, one profile each  [default: encryption]"),
    ] = None,
    description: DescriptionOption = None,
) -> None:
    """Create imported PFX profiles.

    Every device of a user gets the same certificates, those that were imported for the user.
    A profile delivers the certificates that were imported for its purpose: see fauxtune pfx import.

    \b
    fauxtune profile create imported --name Encryption --platform all --all-users
    fauxtune profile create imported --name Mail --platform ios \\
      --purpose signing --purpose encryption
    """
    with service.session() as session:
        purposes = list(dict.fromkeys(purpose or [Purpose.ENCRYPTION]))
        by_name = {name if len(purposes) == 1 else f"{name}, {each}": each for each in purposes}
        chosen = platforms(platform, family=ProfileFamily.IMPORTED)
        requests = [
            request
            for title, each in by_name.items()
            for request in create_imported(title, platforms=chosen, purpose=each, description=description)
        ]
        _create(session, requests, names_=[*by_name], targets=service.targets(session))


@app.command()
@with_service(Assigning)
def email(
    *,
    name: NameOption,
    mail_server: Annotated[str, typer.Option(metavar="HOST", help="the Exchange server: mail.contoso.example")],
    platform: NewPlatformOption,
    service: Assigning,
    account_name: Annotated[str, typer.Option(metavar="NAME", help="the account's name on the device")] = "Work",
    signing: Annotated[
        str | None, typer.Option(metavar="PROFILE", help="the profile whose certificate signs mail (iOS, Samsung)")
    ] = None,
    encryption: Annotated[
        str | None, typer.Option(metavar="PROFILE", help="the profile whose certificate encrypts mail (iOS)")
    ] = None,
    application: Annotated[
        MailApplication, typer.Option(help="the mail application in an Android work profile")
    ] = MailApplication.GMAIL,
    description: DescriptionOption = None,
) -> None:
    """Create e-mail profiles, which set up an account.

    On iOS the account can sign and encrypt, on Samsung phones with a device administrator it can sign.

    \b
    fauxtune profile create email --name Mail --platform ios \\
      --mail-server mail.contoso.example \\
      --signing Signing --encryption "Mail encryption" --group Sales
    """
    with service.session() as session:
        families = [ProfileFamily.PKCS, ProfileFamily.IMPORTED]
        account = MailAccount(
            mail_server,
            account_name,
            signing=by_platform(session.client, signing, families=families),
            encryption=by_platform(session.client, encryption, families=families),
            application=application,
        )
        requests = create_email(
            name,
            platforms=platforms(platform, family=ProfileFamily.EMAIL),
            account=account,
            description=description,
        )
        _create(session, requests, names_=[name], targets=service.targets(session))


def _root_hint(session: Session, chosen: list[ProfilePlatform]) -> str:
    """A sentence if no profile would give devices of one of these platforms the root of the tenant's CA."""
    known = root_profiles(session.client, _own_certificate(session, "root"))
    missing = [each for each in chosen if each not in known]
    if not missing:
        return ""
    is_all = missing == [*platforms_of(ProfileFamily.PKCS)]
    which = "--platform all" if is_all else " ".join(f"--platform {each}" for each in missing)
    return (
        "No profile gives these devices the root of the CA, and without it they do not install the certificates:\n"
        f'fauxtune profile create root --name "CA root" {which} --all-users'
    )


def _create(
    session: Session,
    requests: list[AdminRequest],
    *,
    names_: list[str],
    targets: list[NamedTarget],
    hint: str = "",
) -> None:
    """Send the requests, assign what they created, and say what was done. `names_` are the names that were given;
    `hint`: what is to be done yet.
    """
    profiles: list[dict[str, Any]] = []
    done: list[str] = []
    with partial(done):
        for request in requests:
            profile = session.send(request)
            done.append(f"{profile['displayName']} was created")
            assignments: list[dict[str, Any]] = []
            if targets:
                new = assign(profile["id"], present=[], targets=[each.target for each in targets])
                assignments += session.send(new)["value"]
            profiles.append({**profile, "assignments": assignments, "notes": list(request.notes)})
    for note in dict.fromkeys(note for profile in profiles for note in profile["notes"]):
        concerned = [profile for profile in profiles if note in profile["notes"]]
        print(f"Note on {_titles(concerned)}: {note}", file=sys.stderr)
    done_words = _done(profiles, names_=names_, targets=targets)
    session.show({"profiles": profiles}, f"{done_words}\n{hint}" if hint else done_words)


def _done(profiles: list[dict[str, Any]], *, names_: list[str], targets: list[NamedTarget]) -> str:
    titles = [profile["displayName"] for profile in profiles]
    if targets:
        whom = words_of(targets)
        lines = [f"Created {one_line(titles[0])}, assigned to {whom}."]
        if len(titles) > 1:
            lines = [f"Created {len(titles)} profiles, assigned to {whom}:"]
            lines += [f"  {one_line(each)}" for each in titles]
        created = "\n".join(lines)
        return f"{created}\nDevices get them at their next check-in. See: fauxtune profile list"
    which = " ".join(quoted(name) for name in names_) + ("" if titles == names_ else " --platform all")
    return f"{sentence('Created', titles)}\nAssign them: fauxtune profile assign {which} --all-users"


def _titles(profiles: list[dict[str, Any]]) -> str:
    return ", ".join(one_line(each["displayName"]) for each in profiles)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")


def _own_certificate(session: Session, wanted: str) -> bytes:
    """The certificate of the tenant's authority with this name or role, DER."""
    rows = session.client.control("GET", "/authorities")["value"]
    row = next((each for each in rows if each["current"] and wanted in {each["name"], each["role"]}), None)
    if row is None:
        known = ", ".join(each["name"] for each in rows if each["current"])
        fail(f"The tenant has no authority '{wanted}'; it has {known}.")
    return ssl.PEM_cert_to_DER_cert(row["certificate"])


def _is_intermediate(data: bytes) -> bool:
    """Whether it is the certificate of an authority below another."""
    certificate = certificate_from(data, target="--certificate")
    return certificate.subject != certificate.issuer


def _issuer(
    session: Session, *, digicert: bool, host: str | None, name: str | None, template: str
) -> tuple[Issuer, str]:
    """The CA and the template, which is looked up if the CA belongs to the tenant."""
    if (host is None) != (name is None) or (digicert and host is not None):
        fail(
            "Name a CA by --ca-host and --ca-name together, or else by --digicert; without them it is the tenant's own."
        )
    if host is not None and name is not None:
        return Issuer(host, name, kind=None), template
    if digicert:
        row = session.client.control("GET", "/digicert")
        known = [names.Named(each, each) for each in row["certificateTemplateNames"]]
        template = names.choose(template, known, kind="certificate profile OID").name
        return Issuer(row["certificationAuthority"], row["certificationAuthorityName"], kind="digiCert"), template
    tenant = session.client.control("GET", "")
    issuer = Issuer(tenant["certificationAuthority"], tenant["certificationAuthorityName"])
    return issuer, names.template(session.client, template).name


def _own_scep_server(session: Session) -> str:
    """The address of the tenant's own SCEP server."""
    tenant = session.client.control("GET", "")
    return ndes_url(tenant["publicHttpUrl"], tenant=tenant["name"])


def _roots(session: Session, wanted: str | None, *, own: bool) -> dict[ProfilePlatform, str]:
    """The ids of the trusted root profiles of this name, by platform. Without a name: those with the tenant's own root,
    and for another authority those that are the only ones.
    """
    if wanted is not None:
        return by_platform(session.client, wanted, families=[ProfileFamily.ROOT])
    return root_profiles(session.client, _own_certificate(session, "root") if own else None)


def _purposes(words: list[str]) -> dict[str, str]:
    """The extended key usages, OID -> name; of an OID that has no word it is the name itself."""
    return dict(EXTENDED_USAGES.get(each, (each, each)) for each in words if each != "none")


def _alternative_name(text: str) -> AlternativeName:
    kinds = {
        "email": ("emailAddress", EMAIL_NAME),
        "upn": ("userPrincipalName", UPN_NAME),
        "dns": ("domainNameService", None),
        "uri": ("universalResourceIdentifier", None),
    }
    word, equals, value = text.partition("=")
    kind, usual = kinds.get(word, (None, None))
    if kind is None or (not value and (equals or usual is None)):
        fail(f"--san is email, upn, or one of email=TEXT, upn=TEXT, dns=TEXT, uri=TEXT; not '{text}'.")
    return usual if usual is not None and not value else AlternativeName(kind, value)


def _validity(text: str) -> tuple[int, Scale]:
    scales = {"d": Scale.DAYS, "m": Scale.MONTHS, "y": Scale.YEARS}
    number, scale = text[:-1], scales.get(text[-1:].lower())
    if scale is None or not (number.isascii() and number.isdecimal()) or not 1 <= int(number) <= 9999:
        fail(f"--validity is a number of days, months or years, such as 90d, 6m or 1y; not '{text}'.")
    return int(number), scale
