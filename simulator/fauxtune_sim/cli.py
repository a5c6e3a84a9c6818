"""The commands of `fauxtune-sim`: parsing arguments and printing, nothing else.

With `--output json` standard output holds one JSON document alone and progress goes to standard error. Exit code 0
means that the command did what was asked; 1 that it did not, 2 that the arguments made no sense, 130 that Ctrl-C ended
it before. Everything heavy is imported when a command runs, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from fauxtune_sim.accounts import Setting
from fauxtune_sim.platforms import Mode, Platform

if TYPE_CHECKING:
    from fauxtune_sim.commands import Result
    from fauxtune_sim.discovery import Named

T = TypeVar("T")
#: What a shell says of a program that Ctrl-C ended.
_INTERRUPTED = 130


class Output(StrEnum):
    """How a command speaks."""

    TEXT = "text"
    JSON = "json"


StateOption = Annotated[Path, typer.Option("--state", help="The device's folder.", metavar="DIR", show_default=False)]
OutputOption = Annotated[Output, typer.Option("--output", help="text for people, json for programs.")]
ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        help="The server's HTTPS address; with a path it is the discovery address of a Windows device.",
        envvar="FAUXTUNE_SERVER",
        metavar="URL",
    ),
]
CaOption = Annotated[
    Path | None,
    typer.Option("--ca", help="PEM file of the authority to trust.", envvar="FAUXTUNE_CA", metavar="FILE"),
]
TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="Id, name or domain.", envvar="FAUXTUNE_TENANT", metavar="TENANT")
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="A server's data folder, to find it by (default: .fauxtune).",
        envvar="FAUXTUNE_DATA_DIR",
        metavar="DIR",
    ),
]

app = typer.Typer(
    help="Simulated devices: they enrol, keep real keys, and read and write S/MIME mail. They know only the wire.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: in 80 columns a table would cut what matters, and show flags as if they took a value.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
mail_app = typer.Typer(help="Write and read S/MIME mail with the keys of a device.", no_args_is_help=True)
app.add_typer(mail_app, name="mail")


@app.command(
    epilog="Example: fauxtune-sim enroll --platform android --user alice@contoso.example --state ./alice-phone"
)
def enroll(
    *,
    platform: Annotated[Platform | None, typer.Option(help="What kind of device it is (default: android).")] = None,
    mode: Annotated[Mode | None, typer.Option(help="How an Android device is managed (default: work-profile).")] = None,
    os_version: Annotated[
        str | None, typer.Option(help="The version of its operating system (default: a usual one).", metavar="VERSION")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The device's name (default: made from its model).")] = None,
    token: Annotated[str | None, typer.Option(help="An enrolment token.", metavar="TOKEN")] = None,
    user: Annotated[
        str | None, typer.Option(help="Whose device it is; a token is asked of the control surface.", metavar="UPN")
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(help="The user's password, instead of a token: Windows only.", metavar="PASSWORD"),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="A configuration profile that names the MDM server, of any make: Apple only.", metavar="FILE|URL"
        ),
    ] = None,
    state: StateOption,
    server: ServerOption = None,
    ca: CaOption = None,
    tenant: TenantOption = None,
    data_dir: DataDirOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Enrol a device and let it check in for the first time.

    The folder is made if it does not exist; one that held a device before enrols the same hardware anew.
    """
    from fauxtune_sim import commands

    order = commands.EnrollOrder(
        state=state,
        platform=platform,
        mode=mode,
        os_version=os_version,
        name=name,
        token=token,
        user=user,
        password=password,
        profile=profile,
    )
    named = _named(server=server, ca=ca, tenant=tenant, data_dir=data_dir)
    _finish(_run(commands.enroll(order, named)), output=output)


@app.command(epilog="Example: fauxtune-sim checkin --state ./alice-phone --until-settled")
def checkin(
    *,
    state: StateOption,
    until_settled: Annotated[bool, typer.Option("--until-settled", help="Go on until the device is at rest.")] = False,
    timeout: Annotated[float, typer.Option(help="How many seconds to go on for.")] = 60.0,
    output: OutputOption = Output.TEXT,
) -> None:
    """Let a device check in: report, apply what is new, obey.

    A check-in goes on until the service has nothing more for the device. `--until-settled` also waits for what the
    service does not have yet. Its exit code is 0 if the device came to rest and no profile failed, else 1; it names the
    profiles that failed, and why. (The device knows what it refused; a Fauxtune server on this machine is asked for the
    rest.) Without `--until-settled` the exit code is 0 when the check-in took place.
    """
    from fauxtune_sim import commands

    _finish(_run(commands.check_in(state, until_settled=until_settled, timeout=timeout)), output=output)


@app.command(epilog="Example: fauxtune-sim run --state ./alice-phone --state ./bob-phone")
def run(
    *,
    state: Annotated[list[Path], typer.Option("--state", help="A device's folder; may be repeated.", metavar="DIR")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Keep devices connected until Ctrl-C.

    They check in when pushed and when their cadence says so.
    """
    from fauxtune_sim import commands

    _finish(_run(commands.run(state, tell=_announcer(output))), output=output)


@app.command(epilog="Example: fauxtune-sim unenroll --state ./alice-phone")
def unenroll(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """The user ends management: everything managed goes.

    The user removes the work profile, or the account. The company's own Android devices refuse: their user may not; an
    administrator wipes them. A device administrator (`--mode device-admin`) cannot take certificates back: they stay.
    """
    from fauxtune_sim import commands

    _finish(_run(commands.unenroll(state)), output=output)


@app.command(epilog="Example: fauxtune-sim lock --state ./alice-iphone")
def lock(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """The user locks the device. A locked iPhone or iPad puts off what needs its protected data."""
    from fauxtune_sim import owner

    _finish(_guarded(lambda: owner.lock(state, locked=True)), output=output)


@app.command(epilog="Example: fauxtune-sim unlock --state ./alice-iphone")
def unlock(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """The user unlocks the device."""
    from fauxtune_sim import owner

    _finish(_guarded(lambda: owner.lock(state, locked=False)), output=output)


@app.command(epilog="Example: fauxtune-sim restart --state ./alice-iphone")
def restart(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """The user restarts the device: it is locked then. An iPhone or iPad lists no certificates until it is unlocked."""
    from fauxtune_sim import owner

    _finish(_guarded(lambda: owner.restart(state)), output=output)


@app.command(epilog="Example: fauxtune-sim keystore --state ./alice-phone --output json")
def keystore(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Show what certificates and keys a device holds.

    Trusted certificates first, then those with a key, then mail accounts.
    """
    from fauxtune_sim import commands

    _finish(_guarded(lambda: commands.keystore(state)), output=output)


@app.command(epilog="Example: fauxtune-sim fleet --devices 200 --mix android:2,android/knox:1")
def fleet(
    *,
    devices: Annotated[int, typer.Option(help="How many.", min=1)],
    mix: Annotated[
        str, typer.Option(help="Kinds and their shares: PLATFORM[/MODE][:SHARE],...", metavar="MIX")
    ] = "android",
    user: Annotated[
        list[str] | None, typer.Option(help="Whose devices; may be repeated (default: all seeded users in turn).")
    ] = None,
    keys: Annotated[
        str, typer.Option(help="Identity keys: so many in turn, or `each` device its own.", metavar="N|each")
    ] = "64",
    at_once: Annotated[int, typer.Option(help="How many devices talk at the same time.", min=1)] = 32,
    stay: Annotated[bool, typer.Option("--stay", help="Keep them connected after the summary, until Ctrl-C.")] = False,
    server: ServerOption = None,
    ca: CaOption = None,
    tenant: TenantOption = None,
    data_dir: DataDirOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Enrol many devices at once, let them settle, and count.

    Exit code 0 only if every device is enrolled, at rest and has refused nothing.
    """
    from fauxtune_sim import commands

    wish = commands.FleetWish(devices=devices, mix=mix, users=user or [], keys=keys, at_once=at_once, stay=stay)
    named = _named(server=server, ca=ca, tenant=tenant, data_dir=data_dir)
    work = commands.fleet(wish, named, tell=_note, show=lambda result: _show(result, output=output))
    if not _run(work):
        raise typer.Exit(1)


@mail_app.command(
    "send",
    epilog="Example: fauxtune-sim mail send --state ./bob-phone --to-user alice@contoso.example --sign --encrypt "
    "--out letter.eml",
)
def mail_send(
    *,
    state: StateOption,
    to_certificate: Annotated[
        Path | None, typer.Option(help="Encrypt to this certificate (PEM or DER).", metavar="FILE")
    ] = None,
    to_user: Annotated[
        str | None, typer.Option(help="Write to this user, whose newest certificate is looked up.", metavar="UPN")
    ] = None,
    sign: Annotated[
        bool | None,
        typer.Option("--sign/--no-sign", help="Sign with a key of this device (default: as the account does)."),
    ] = None,
    encrypt: Annotated[
        bool | None,
        typer.Option("--encrypt/--no-encrypt", help="Encrypt to the recipient (default: as the account does)."),
    ] = None,
    sign_with: Annotated[
        str | None, typer.Option(help="The signing certificate (default: the newest).", metavar="THUMBPRINT")
    ] = None,
    sender: Annotated[str | None, typer.Option("--from", help="The sender (default: the device's user).")] = None,
    subject: Annotated[str, typer.Option(help="The subject line.")] = "A message",
    text: Annotated[str, typer.Option(help="The text.")] = "Hello from a simulated device.",
    out: Annotated[Path, typer.Option(help="Where the mail goes.", metavar="FILE.eml")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Write a signed or encrypted mail into an .eml file.

    The device's user is the sender. A mail account that management set up says what becomes of it unless it leaves that
    to the user.
    """
    from fauxtune_sim import mailing

    order = mailing.MailOrder(
        state=state,
        to_certificate=to_certificate,
        to_user=to_user,
        sign=sign,
        encrypt=encrypt,
        sign_with=sign_with,
        sender=sender,
        subject=subject,
        text=text,
        out=out,
    )
    _finish(_run(mailing.send(order)), output=output)


@mail_app.command(
    "set", epilog="Example: fauxtune-sim mail set sign off --account mail@contoso.example --state ./alice-iphone"
)
def mail_set(
    *,
    setting: Annotated[Setting, typer.Argument(help="What is changed.")],
    value: Annotated[str, typer.Argument(help="on, off, or the THUMBPRINT of a certificate.", metavar="VALUE")],
    account: Annotated[
        str | None, typer.Option(help="The account, by its address (default: the first).", metavar="ADDRESS")
    ] = None,
    state: StateOption,
    output: OutputOption = Output.TEXT,
) -> None:
    """The user changes a setting of a mail account.

    Only what management leaves to the user can be changed.
    """
    from fauxtune_sim import owner

    change = owner.Change(setting=setting, value=value, address=account)
    _finish(_guarded(lambda: owner.change_mail(state, change)), output=output)


@mail_app.command("read", epilog="Example: fauxtune-sim mail read --state ./alice-phone letter.eml")
def mail_read(
    *,
    file: Annotated[Path, typer.Argument(help="The mail.", metavar="FILE.eml")],
    state: StateOption,
    output: OutputOption = Output.TEXT,
) -> None:
    """Read a mail with the keys of a device.

    Says which key opened it and whether the signature is to be believed, and why not. Exit code 1 if no key of the
    device opens it, or a signature does not verify.
    """
    from fauxtune_sim import mailing

    _finish(_guarded(lambda: mailing.read(state, file)), output=output)


@app.command(epilog="Example: fauxtune demo --once")
def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End after the proofs, with exit code 0 only if all of them held.")
    ] = False,
    port: Annotated[int, typer.Option(help="The server's HTTPS port; 0 takes a free one.", min=0, max=65535)] = 8443,
    http_port: Annotated[int, typer.Option(help="Its HTTP port; 0 takes a free one.", min=0, max=65535)] = 8080,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Keep the server's data, the devices and the mails in this folder (default: delete them at the end).",
            metavar="DIR",
        ),
    ] = None,
    edition: Annotated[
        str | None,
        typer.Option(help="The Intune that a new tenant behaves like: 2020-04 or current (default: the server's)."),
    ] = None,
    step: Annotated[bool, typer.Option("--step", help="Wait for Enter before each proof.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show S/MIME on managed devices in nine proofs.

    The demonstration starts its own server and simulates the devices. Without `--once` they keep running afterwards,
    until Ctrl-C.
    """
    from fauxtune_sim.demo.run import DemoOptions, run_demo

    options = DemoOptions(once=once, port=port, http_port=http_port, data_dir=data_dir, edition=edition, step=step)
    show = _show_json if output is Output.JSON else None
    all_held = _run(run_demo(options, narrate=_announcer(output), show=show))
    if not all_held:
        raise typer.Exit(1)


def _named(*, server: str | None, ca: Path | None, tenant: str | None, data_dir: Path | None) -> Named:
    from fauxtune_sim.discovery import Named

    return Named(server=server, ca=ca, tenant=tenant, data_dir=data_dir)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; an error of ours is one line on standard error and exit code 1, Ctrl-C 130."""
    from fauxtune_sim.errors import Interrupted, SimulatorError

    try:
        return _loop(work)
    except Interrupted as ended:
        _fail(str(ended), code=_INTERRUPTED)
    except SimulatorError as failed:
        _fail(str(failed))
    except KeyboardInterrupt:
        _fail("interrupted", code=_INTERRUPTED)


def _loop(work: Coroutine[Any, Any, T]) -> T:
    import asyncio

    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    return uvloop.run(work)


def _guarded(work: Callable[[], T]) -> T:
    from fauxtune_sim.errors import SimulatorError

    try:
        return work()
    except SimulatorError as failed:
        _fail(str(failed))


def _fail(why: str, *, code: int = 1) -> NoReturn:
    typer.echo(f"fauxtune-sim: {why}", err=True)
    raise typer.Exit(code)


def _note(line: str) -> None:
    typer.echo(line, err=True)


def _announcer(output: Output) -> Callable[[str], None]:
    return _note if output is Output.JSON else typer.echo


def _show_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _show(result: Result, *, output: Output) -> None:
    if output is Output.JSON:
        _show_json(result.document)
        return
    for line in result.lines:
        typer.echo(line)


def _finish(result: Result, *, output: Output) -> None:
    _show(result, output=output)
    if not result.done:
        raise typer.Exit(1)
