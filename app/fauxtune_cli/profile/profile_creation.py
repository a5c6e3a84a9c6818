"""`fauxtune profile create`: profiles of a family for several platforms at once, assigned at once if wanted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from fauxtune.core.administration.assignments import assign
from fauxtune.core.administration.choices import (
    KeyUsage,
    MailApplication,
    ProfileFamily,
    Purpose,
    platforms_of,
)
from fauxtune.core.administration.profiles import (
    SUBJECT,
    MailAccount,
    ScepKey,
    create_email,
    create_imported,
    create_pkcs,
    create_root,
    create_scep,
)
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.administration.snippets import quoted
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune_cli import completion
from fauxtune_cli.administration import Session, partial
from fauxtune_cli.options import PATH, Group, OneOf, fail, one_line
from fauxtune_cli.profile import certificate_options
from fauxtune_cli.profile.profile_choice import (
    PlatformWord,
    by_platform,
    new_platform_option,
    platforms,
    root_profiles,
    sentence,
)
from fauxtune_cli.profile.targets import Assigning, NamedTarget, words_of
from fauxtune_cli.service import with_service

app = Group(
    help="""Create profiles of one family for several platforms.

For one platform the profile has the name that you give; for several each has its platform behind it: "Signing (iOS)".

\b
fauxtune profile create root --name "Contoso root" --platform all --all-users
fauxtune profile create imported --name Mail --platform ios --platform macos"""
)

name_option = click.option("--name", required=True, metavar="NAME", help="the name of the profile")
san_option = click.option(
    "--san",
    multiple=True,
    metavar="NAME",
    help="an alternative name: email, upn, dns=TEXT or uri=TEXT, with variables; repeatable  [default: email]",
)
validity_option = click.option(
    "--validity", default="1y", metavar="TIME", help="how long certificates are valid: 90d, 6m or 1y"
)
renew_option = click.option(
    "--renew", default=20, metavar="PERCENT", help="renew when so many percent of the validity are left"
)
description_option = click.option("--description", help="a description")


@app.command()
@name_option
@new_platform_option
@click.option(
    "--certificate", type=PATH, metavar="FILE", help="a certificate file, DER or PEM (default: the tenant's own root)"
)
@click.option(
    "--authority",
    default="root",
    metavar="NAME",
    help="the authority of the tenant whose certificate it is: root, issuing ...",
)
@description_option
@with_service(Assigning)
def root(
    *,
    name: str,
    platform: tuple[PlatformWord, ...],
    service: Assigning,
    certificate: Path | None,
    authority: str,
    description: str | None,
) -> None:
    """Create trusted root profiles.

    Devices trust the certificate. PKCS certificates are not installed without their root.

    \b
    fauxtune profile create root --name "Contoso root" --platform all --all-users
    fauxtune profile create root --name Partner --platform ios \\
      --certificate partner.cer
    """
    with service.session() as session:
        der = _read(certificate) if certificate is not None else certificate_options.own_certificate(session, authority)
        requests = create_root(
            name,
            platforms=platforms(platform, family=ProfileFamily.ROOT),
            certificate=der,
            file_name=f"{authority}.cer" if certificate is None else certificate.name,
            description=description,
            intermediate=certificate_options.is_intermediate(der),
        )
        _create(session, requests, names_=[name], targets=service.targets(session))


@app.command()
@name_option
@click.option(
    "--template",
    required=True,
    metavar="NAME",
    shell_complete=completion.template,
    help="the certificate template: see fauxtune template list",
)
@new_platform_option
@click.option(
    "--subject", default="CN={{UserName}},E={{EmailAddress}}", metavar="NAME", help="the subject, with variables"
)
@san_option
@click.option(
    "--root", "root_profile", metavar="PROFILE", help="the trusted root profile to refer to, where the kind can"
)
@validity_option
@renew_option
@click.option("--digicert", is_flag=True, help="from the tenant's DigiCert CA, not its own")
@click.option("--ca-host", metavar="HOST", help="the host of any other CA")
@click.option("--ca-name", metavar="NAME", help="the name of that CA")
@description_option
@with_service(Assigning)
def pkcs(
    *,
    name: str,
    template: str,
    platform: tuple[PlatformWord, ...],
    service: Assigning,
    subject: str,
    san: tuple[str, ...],
    root_profile: str | None,
    validity: str,
    renew: int,
    digicert: bool,
    ca_host: str | None,
    ca_name: str | None,
    description: str | None,
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
        issuer, template = certificate_options.issuer(
            session, digicert=digicert, host=ca_host, name=ca_name, template=template
        )
        chosen = platforms(platform, family=ProfileFamily.PKCS)
        requests = create_pkcs(
            name,
            platforms=chosen,
            issuer=issuer,
            template=template,
            subject=subject,
            alternative_names=[certificate_options.alternative_name(each) for each in san or ["email"]],
            validity=certificate_options.validity(validity),
            renewal_percent=renew,
            roots=by_platform(session.client, root_profile, families=[ProfileFamily.ROOT]),
            description=description,
        )
        hint = "" if digicert or ca_host else _root_hint(session, chosen)
        _create(session, requests, names_=[name], targets=service.targets(session), hint=hint)


@app.command()
@name_option
@new_platform_option
@click.option(
    "--scep-server",
    multiple=True,
    metavar="URL",
    help="the SCEP server; of several Apple devices get one  [default: the tenant's own]",
)
@click.option(
    "--root",
    "root_profile",
    metavar="PROFILE",
    help="the trusted root profile to refer to  [default: one with the tenant's own root]",
)
@click.option(
    "--subject",
    metavar="NAME",
    help="the subject, with variables  [default: the user, or CN={{AAD_Device_ID}} for devices]",
)
@san_option
@click.option(
    "--purpose",
    multiple=True,
    metavar="WORD",
    help="what certificates are for: client, mail or an OID, or none; repeatable  [default: client]",
)
@click.option(
    "--usage",
    type=OneOf(KeyUsage),
    multiple=True,
    help="what the key is for; repeatable  [default: signing and encryption]",
)
@click.option("--key-size", default=2048, metavar="BITS", help="the length of the RSA key: 1024, 2048, 4096")
@click.option("--for-device", is_flag=True, help="for the device itself: it goes to Windows' machine store")
@validity_option
@renew_option
@description_option
@with_service(Assigning)
def scep(
    *,
    name: str,
    platform: tuple[PlatformWord, ...],
    service: Assigning,
    scep_server: tuple[str, ...],
    root_profile: str | None,
    subject: str | None,
    san: tuple[str, ...],
    purpose: tuple[str, ...],
    usage: tuple[KeyUsage, ...],
    key_size: int,
    for_device: bool,
    validity: str,
    renew: int,
    description: str | None,
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
            urls=scep_server or [certificate_options.own_scep_server(session)],
            key=ScepKey(
                size=key_size,
                usages=tuple(dict.fromkeys(usage or KeyUsage)),
                purposes=certificate_options.purposes(purpose or ["client"]),
                of_device=for_device,
            ),
            subject=subject or usual,
            alternative_names=[
                certificate_options.alternative_name(each) for each in san or ([] if for_device else ["email"])
            ],
            validity=certificate_options.validity(validity),
            renewal_percent=renew,
            roots=certificate_options.roots(session, root_profile, own=not scep_server),
            description=description,
        )
        _create(session, requests, names_=[name], targets=service.targets(session))


@app.command()
@name_option
@new_platform_option
@click.option(
    "--purpose",
    type=OneOf(Purpose),
    multiple=True,
    help="what the certificates are for; repeatable, one profile each  [default: encryption]",
)
@description_option
@with_service(Assigning)
def imported(
    *,
    name: str,
    platform: tuple[PlatformWord, ...],
    service: Assigning,
    purpose: tuple[Purpose, ...],
    description: str | None,
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
@name_option
@click.option("--mail-server", required=True, metavar="HOST", help="the Exchange server: mail.contoso.example")
@new_platform_option
@click.option("--account-name", default="Work", metavar="NAME", help="the account's name on the device")
@click.option("--signing", metavar="PROFILE", help="the profile whose certificate signs mail (iOS, Samsung)")
@click.option("--encryption", metavar="PROFILE", help="the profile whose certificate encrypts mail (iOS)")
@click.option(
    "--application",
    type=OneOf(MailApplication),
    default="gmail",
    help="the mail application in an Android work profile",
)
@description_option
@with_service(Assigning)
def email(
    *,
    name: str,
    mail_server: str,
    platform: tuple[PlatformWord, ...],
    service: Assigning,
    account_name: str,
    signing: str | None,
    encryption: str | None,
    application: MailApplication,
    description: str | None,
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
    known = root_profiles(session.client, certificate_options.own_certificate(session, "root"))
    missing = [platform for platform in chosen if platform not in known]
    if not missing:
        return ""
    is_all = missing == [*platforms_of(ProfileFamily.PKCS)]
    which = "--platform all" if is_all else " ".join(f"--platform {platform}" for platform in missing)
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
                new = assign(profile["id"], present=[], targets=[target.target for target in targets])
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
            lines += [f"  {one_line(title)}" for title in titles]
        created = "\n".join(lines)
        return f"{created}\nDevices get them at their next check-in. See: fauxtune profile list"
    which = " ".join(quoted(name) for name in names_) + ("" if titles == names_ else " --platform all")
    return f"{sentence('Created', titles)}\nAssign them: fauxtune profile assign {which} --all-users"


def _titles(profiles: list[dict[str, Any]]) -> str:
    return ", ".join(one_line(profile["displayName"]) for profile in profiles)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
