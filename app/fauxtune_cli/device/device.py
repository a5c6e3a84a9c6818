"""`fauxtune device`: the managed devices of a tenant, and what an administrator does with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import click

from fauxtune.core.administration import devices as tasks
from fauxtune.core.administration.approvals import approved, asking
from fauxtune.core.administration.devices import add_hosted_device
from fauxtune.core.administration.emulation import create_enrollment_token
from fauxtune.core.administration.requests import AdminRequest, Service, key
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.words.device_words import nearest_spellings, spelled, system_words
from fauxtune.core.policies.tenant_administration import CODE, JUSTIFICATION
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, Session, confirm, what_if_option, yes_option
from fauxtune_cli.device import device_text
from fauxtune_cli.options import Group, Output, named_values, one_line
from fauxtune_cli.service import from_option, with_service
from fauxtune_cli.tables import Table, moment, person
from fauxtune_client.endpoints import ClientError, Refused

# What an approval policy may guard (Multi Admin Approval): asked for with a justification, done with its approval.


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded(Administration):
    """A tenant, and what the command line says of an approval."""

    justification: str | None = from_option(
        click.option("--justification", help="if an approval policy guards this, ask for an approval with it")
    )
    approval: str | None = from_option(
        click.option("--approval", metavar="REQUEST", help="the approval to use: its id, or the beginning of it")
    )


def send(session: Session, request: AdminRequest, *, asks: Guarded | None) -> str | None:
    """Send a request. Return None if it was carried out, and the id of the request for approval if it waits for one
    now. Raises ClientError for what a policy guards and nobody justified. `asks`: None for what no policy can guard.
    """
    if asks is not None and asks.approval is not None:
        request = approved(request, code=names.approval(session.client, asks.approval).id)
    elif asks is not None and asks.justification is not None:
        request = asking(request, justification=asks.justification)
    try:
        session.send(request)
    except Refused as refused:
        code = refused.headers.get(CODE)
        if code is not None:
            return code
        if JUSTIFICATION in refused.reason and not request.headers:
            raise ClientError(
                "An approval policy guards this: another administrator has to approve it first. Ask for that with "
                "--justification TEXT."
            ) from None
        raise
    return None


app = Group(
    help="""List devices, look at one, and act on it.

A device is meant by its name, serial number or id, or by the first characters of its id (6 or more).

\b
fauxtune device list
fauxtune device show "Alice's phone"
fauxtune device wipe "Alice's phone" --what-if"""
)

#: Seconds that a device may take to enrol: the first one starts the process that holds them.
_PATIENCE = 90.0
_PROPERTIES = "id,deviceName,operatingSystem,osVersion,userPrincipalName,complianceState,lastSyncDateTime"

name_argument = click.argument("name", shell_complete=completion.device, help="the device: name, serial number or id")


@app.command("list")
@click.option("--user", shell_complete=completion.user, help="only devices of this user")
@with_service(Administration)
def list_(*, service: Administration, user: str | None) -> None:
    """List the managed devices.

    \b
    fauxtune device list
    fauxtune device list --user alice --output json
    """
    with service.session() as session:
        path = f"{tasks.DEVICES}?$select={_PROPERTIES}"
        if user is not None:
            name = names.user(session.client, user).name.replace("'", "''")
            path += f"&$filter=userPrincipalName%20eq%20%27{key(name)}%27"
        rows = session.elements(AdminRequest("GET", path))
        table = Table(
            ("name", "user", "system", "last check-in", "id"),
            [
                (
                    row["deviceName"],
                    person(row["userPrincipalName"]),
                    f"{system_words(row['operatingSystem'])} {row['osVersion'] or ''}",
                    moment(row["lastSyncDateTime"]),
                    session.short(row["id"]),
                )
                for row in rows
            ],
            shrinks="system",
            empty="There are no managed devices.",
        )
        session.show(rows, table)


@app.command()
@name_argument
@with_service(Administration)
def show(*, name: str, service: Administration) -> None:
    """Show what a device should hold, holds, and reported.

    Of a device that was wiped, retired or deleted it shows what it held.

    \b
    fauxtune device show FP5-195681
    fauxtune device show FP5-195681 --output json
    """
    with service.session() as session:
        id_, is_managed = names.device_or_enrolment(session.client, name)
        managed = session.send(AdminRequest("GET", f"{tasks.DEVICES}/{key(id_)}")) if is_managed else None
        request = AdminRequest("GET", f"/devices/{key(id_)}/ledger", service=Service.CONTROL)
        ledger = session.marked(session.send(request))
        if session.output is Output.JSON:
            session.show({**ledger, "managedDevice": managed}, "")
            return
        now = session.client.control("GET", "/clock")["now"]
        diagnosis = AdminRequest("GET", f"/diagnose?device={key(ledger['id'])}", service=Service.CONTROL)
        answer = session.send(diagnosis) if ledger["state"] == "active" else {"chains": [], "findings": []}
        device_text.print_device(managed, ledger, diagnosis=answer, now=now, session=session)


@app.command()
@name_argument
@with_service(Administration)
def sync(*, name: str, service: Administration) -> None:
    """Ask a device to check in now.

    \b
    fauxtune device sync FP5-195681
    fauxtune device sync FP5-195681 --show-request
    """
    with service.session() as session:
        _act(session, name, request=tasks.sync_device, says="{} was asked to check in.")


@app.command()
@name_argument
@with_service(Administration)
def lock(*, name: str, service: Administration) -> None:
    """Lock the screen of a device.

    \b
    fauxtune device lock FP5-195681
    """
    with service.session() as session:
        _act(session, name, request=tasks.lock_device, says="{} locks its screen at its next check-in.")


@app.command()
@name_argument
@what_if_option
@yes_option
@with_service(Guarded)
def retire(*, name: str, service: Guarded, what_if: bool, yes: bool) -> None:
    """Remove the company's data from a device, and end its management.

    \b
    fauxtune device retire FP5-195681 --what-if
    fauxtune device retire FP5-195681
    """
    with service.session() as session:
        question = "Retire {}, which removes the company's data from it?"
        says = "{} removes the company's data at its next check-in; then it is not managed any more."
        _act(
            session,
            name,
            request=tasks.retire_device,
            says=says,
            question=question,
            yes=yes,
            what_if=what_if,
            asks=service,
        )


@app.command()
@name_argument
@click.option("--keep-enrollment", is_flag=True, help="reset a Windows PC, which stays enrolled")
@what_if_option
@yes_option
@with_service(Guarded)
def wipe(*, name: str, service: Guarded, keep_enrollment: bool, what_if: bool, yes: bool) -> None:
    """Reset a device: everything on it is deleted.

    Where an approval policy guards it, ask first, and do it with the approval.

    \b
    fauxtune device wipe FP5-195681 --what-if
    fauxtune device wipe FP5-195681 --yes
    fauxtune device wipe FP5-195681 --justification "Lost, ticket 4711"
    fauxtune device wipe FP5-195681 --approval 3f2a91
    """
    with service.session() as session:

        def request(id_: str) -> AdminRequest:
            return tasks.wipe_device(id_, keep_enrollment=keep_enrollment)

        question = "Wipe {}, which deletes everything on it?"
        says = "{} is reset at its next check-in."
        _act(session, name, request=request, says=says, question=question, yes=yes, what_if=what_if, asks=service)


@app.command()
@name_argument
@what_if_option
@yes_option
@with_service(Guarded)
def delete(*, name: str, service: Guarded, what_if: bool, yes: bool) -> None:
    """Delete the record of a device.

    The device removes the company's data at its next check-in.

    \b
    fauxtune device delete FP5-195681 --what-if
    fauxtune device delete FP5-195681
    """
    with service.session() as session:
        question = "Delete the record of {}?"
        says = "The record of {} is deleted; the device removes the company's data at its next check-in."
        _act(
            session,
            name,
            request=tasks.delete_device,
            says=says,
            question=question,
            yes=yes,
            what_if=what_if,
            asks=service,
        )


@app.command()
@click.argument("user", shell_complete=completion.user, help="the user of the devices")
@click.option("--uses", default=1, help="the number of devices that can enrol with it")
@click.option("--hours", default=24, help="the lifetime of the token")
@with_service(Administration)
def token(*, user: str, service: Administration, uses: int, hours: int) -> None:
    """Make an enrolment token for a user's devices.

    One token serves devices of every platform.

    \b
    fauxtune device token alice
    fauxtune-sim enroll --platform android --state phone \\
        --token "$(fauxtune device token alice)"
    """
    with service.session() as session:
        owner = names.user(session.client, user)
        answer = session.send(create_enrollment_token(owner.name, uses=uses, seconds=hours * 3600))
        session.show({"userPrincipalName": owner.name, "uses": uses, **answer}, answer["token"])


@app.command()
@click.option("--user", required=True, metavar="USER", shell_complete=completion.user, help="the user of the device")
@click.option(
    "--platform",
    required=True,
    metavar="PLATFORM",
    shell_complete=lambda: [*Platform, *Variant],
    help=f"the operating system: {', '.join(Platform)}",
)
@click.option("--mode", metavar="MODE", help="Android: work-profile, fully-managed ...; or --platform android/MODE")
@click.option("--name", metavar="NAME", help="without it such as alice's iPhone")
@click.option("--fact", multiple=True, metavar="NAME=VALUE", help="what it reports, such as isEncrypted=false")
@with_service(Administration)
def add(
    *, user: str, platform: str, mode: str | None, name: str | None, fact: tuple[str, ...], service: Administration
) -> None:
    """Add a simulated device, which the server holds.

    It is enrolled and stays connected. Devices of your own folders are enrolled with fauxtune-sim.

    \b
    fauxtune device add --user alice --platform ios
    fauxtune device add --user bob --platform android --mode knox
    fauxtune device add --user bob --platform android/fully-managed
    """
    system, mode = _kind(platform, mode)
    with service.session() as session:
        owner = names.user(session.client, user)
        facts = named_values(fact, option="--fact", example="isEncrypted=false")
        request = add_hosted_device(owner.name, platform=system, mode=mode, name=name, facts=facts)
        answer = session.send(request, seconds=_PATIENCE, title="Enrolling the device")
        session.show(answer, f"{answer['name']} is enrolled for {person(owner.name)}.")


def _kind(platform: str, mode: str | None) -> tuple[str, str | None]:
    """Return the platform and the mode of the kind of device that the two options mean."""
    variant = spelled(platform)
    if variant is None:
        near = nearest_spellings(platform)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        raise click.BadParameter(
            f"'{one_line(platform)}' is no kind of device.{meant} There are {', '.join(Platform)}; Android also with a "
            "mode, such as --platform android --mode fully-managed.",
            param_hint="'--platform'",
        )
    system, _, own = variant.value.partition("/")
    if not own or platform.lower() == system:  # the mode is left open
        return system, mode
    if mode not in (None, own):
        raise click.BadParameter(f"--platform {platform} has the mode {own} already.", param_hint="'--mode'")
    return system, own or None


def _act(
    session: Session,
    name: str,
    *,
    request: Callable[[str], AdminRequest],
    says: str,
    question: str | None = None,
    yes: bool = False,
    what_if: bool = False,
    asks: Guarded | None = None,
) -> None:
    """Send the request about the device with this name, or print what it would change. `asks`: an approval policy may
    guard it.
    """
    device = names.device(session.client, name)
    action = request(device.id)
    if what_if:
        session.what_if([action])
        return
    label = one_line(f"{device.name} of {person(device.document['userPrincipalName'])}")
    if question is not None:
        confirm(question.format(label), yes=yes)
    waits = send(session, action, asks=asks)
    document = {"id": device.id, "deviceName": device.name, "method": action.method, "path": action.path}
    if waits is None:
        session.show(document, says.format(label))
        return
    short = session.short(waits)
    session.show(
        {**document, "approvalRequest": waits},
        f"Nothing was changed: this waits for an approval, as request {short}. An approver decides:\n"
        f"fauxtune approval approve {short} --as USER\n"
        f"Then give the same command with --approval {short} in place of the justification.",
    )
