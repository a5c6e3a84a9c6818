"""The command line of `fauxtune-sim`: parsing of arguments and printing, nothing else.

With `--output json` standard output holds one JSON document and progress goes to standard error. Exit code 0 means that
the command succeeded, 1 that it failed, 2 that the arguments were wrong, 130 that Ctrl-C ended it. Expensive modules
are imported when a command runs, so that `--help` is fast.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from fauxtune_sim.mail_accounts import Setting
from fauxtune_sim.platforms import Mode, Platform

if TYPE_CHECKING:
    from fauxtune_sim.commands import CommandOutput
    from fauxtune_sim.discovery import ServerOptions

T = TypeVar("T")
_PROGRAM = "fauxtune-sim"
#: The usual exit code of a program that Ctrl-C ended.
_INTERRUPTED = 130


class Output(StrEnum):
    """The format of a command's output."""

    TEXT = "text"
    JSON = "json"


StateOption = Annotated[Path, typer.Option("--state", help="The device's folder.", metavar="DIR", show_default=False)]
StatesOption = Annotated[
    list[Path], typer.Option("--state", help="A device's folder; can be repeated.", metavar="DIR", show_default=False)
]
OutputOption = Annotated[Output, typer.Option("--output", help="text to read, json for programs.")]
ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        help="The server's HTTPS address; with a path, the discovery address for a Windows device.",
        envvar="FAUXTUNE_SERVER",
        metavar="URL",
    ),
]
CaOption = Annotated[
    Path | None,
    typer.Option("--ca", help="PEM file of the CA to trust.", envvar="FAUXTUNE_CA", metavar="FILE"),
]
TenantOption = Annotated[
    str | None,
    typer.Option("--tenant", help="The tenant's id, name or domain.", envvar="FAUXTUNE_TENANT", metavar="TENANT"),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="The data folder of a server, which has its address (default: .fauxtune).",
        envvar="FAUXTUNE_DATA_DIR",
        metavar="DIR",
    ),
]

app = typer.Typer(
    help="Simulated devices that enrol and check in by the real protocols, keep real keys, and handle S/MIME mail.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: in 80 columns a table would cut texts, and show flags as if they took a value.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
mail_app = typer.Typer(help="Write and read S/MIME mail with the keys of a device.", no_args_is_help=True)
app.add_typer(mail_app, name="mail")


@app.command(epilog="Example: fauxtune-sim enroll --platform ios --user alice --state alice-phone")
def enroll(
    *,
    platform: Annotated[Platform | None, typer.Option(help="The device's platform (default: android).")] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(
            help=f"How an Android device is managed: {', '.join(Mode)} (default: work-profile).", metavar="MODE"
        ),
    ] = None,
    os_version: Annotated[
        str | None, typer.Option(help="The operating system's version (default: a usual one).", metavar="VERSION")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The device's name (default: made from its model).")] = None,
    token: Annotated[str | None, typer.Option(help="An enrolment token.", metavar="TOKEN")] = None,
    user: Annotated[
        str | None,
        typer.Option(
            help="The user of the device, with or without the domain; the token is created by the control surface.",
            metavar="USER",
        ),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(help="The user's password, instead of a token: Windows only.", metavar="PASSWORD"),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="A configuration profile that names the MDM server, Fauxtune or another: Apple only.",
            metavar="FILE|URL",
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

    The folder is created if it does not exist. If it holds a device that is not enrolled, that device enrols again.
    """
    from fauxtune_sim import commands

    options = commands.EnrollOptions(
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
    server_options = _server_options(server=server, ca=ca, tenant=tenant, data_dir=data_dir)
    _finish(_run(commands.enroll(options, server_options)), output=output)


@app.command(epilog="Example: fauxtune-sim checkin --state phone --state pc --until-settled")
def checkin(
    *,
    state: StatesOption,
    until_settled: Annotated[
        bool, typer.Option("--until-settled", help="Repeat until the device has settled.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="The most seconds to repeat for.")] = 60.0,
    output: OutputOption = Output.TEXT,
) -> None:
    """Let devices check in: report, install, carry out commands.

    A check-in ends when the service has nothing more for the device. `--until-settled` also waits for certificates that
    the service does not have yet; its exit code is 0 if the device settled and no profile failed or still waits, else
    1, and it lists those profiles with the reasons. (The device knows what it refused; a Fauxtune server on this
    machine knows the rest.) Without `--until-settled` the exit code is 0 if the check-in took place.
    """
    from fauxtune_sim import commands

    _finish(_run(commands.check_in_each(state, until_settled=until_settled, timeout=timeout)), output=output)


@app.command(epilog="Example: fauxtune-sim run --state ./alice-phone --state ./bob-phone")
def run(
    *,
    state: StatesOption,
    output: OutputOption = Output.TEXT,
) -> None:
    """Keep devices connected until Ctrl-C.

    They check in after every push and at the usual intervals.
    """
    from fauxtune_sim import commands

    _finish(_run(commands.run(state, announce=_announcer(output))), output=output)


@app.command(epilog="Example: fauxtune-sim unenroll --state ./alice-phone")
def unenroll(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Unenrol a device as its user: all managed items are removed.

    The user removes the work profile, or the account. The company's own Android devices refuse: only an administrator
    can end their management, by a wipe. With `--mode device-admin` the certificates stay on the device.
    """
    from fauxtune_sim import commands

    _finish(_run(commands.unenroll(state)), output=output)


@app.command(epilog="Example: fauxtune-sim lock --state ./alice-iphone")
def lock(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Lock a device. A locked iPhone or iPad answers NotNow to commands that need its protected data."""
    from fauxtune_sim import owner_commands

    _finish(_guarded(lambda: owner_commands.lock(state, locked=True)), output=output)


@app.command(epilog="Example: fauxtune-sim unlock --state ./alice-iphone")
def unlock(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Unlock a device."""
    from fauxtune_sim import owner_commands

    _finish(_guarded(lambda: owner_commands.lock(state, locked=False)), output=output)


@app.command(epilog="Example: fauxtune-sim restart --state ./alice-iphone")
def restart(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Restart a device: it is locked afterwards. An iPhone or iPad lists no certificates until it is unlocked."""
    from fauxtune_sim import owner_commands

    _finish(_guarded(lambda: owner_commands.restart(state)), output=output)


@app.command(epilog="Example: fauxtune-sim keystore --state ./alice-phone --output json")
def keystore(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """List the certificates and keys on a device.

    Trusted certificates first, then certificates with a key, then mail accounts.
    """
    from fauxtune_sim import commands

    _finish(_guarded(lambda: commands.keystore(state)), output=output)


@app.command(epilog="Example: fauxtune-sim fleet --devices 200 --mix android:2,android/knox:1")
def fleet(
    *,
    devices: Annotated[int, typer.Option(help="The number of devices.", min=1)],
    mix: Annotated[
        str, typer.Option(help="The kinds of devices and their shares: PLATFORM[/MODE][:SHARE],...", metavar="MIX")
    ] = "android",
    user: Annotated[
        list[str] | None,
        typer.Option(help="A user of the devices; can be repeated (default: all seeded users in turn)."),
    ] = None,
    keys: Annotated[
        str, typer.Option(help="The number of identity keys to share, or `each`: a key per device.", metavar="N|each")
    ] = "64",
    at_once: Annotated[int, typer.Option(help="The number of devices that check in at the same time.", min=1)] = 32,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep the devices connected after the summary, until Ctrl-C.")
    ] = False,
    server: ServerOption = None,
    ca: CaOption = None,
    tenant: TenantOption = None,
    data_dir: DataDirOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Enrol many devices at once, let them settle, and count them.

    The exit code is 0 only if every device is enrolled, has settled, has refused nothing and waits for nothing.
    """
    from fauxtune_sim import commands

    options = commands.FleetOptions(devices=devices, mix=mix, users=user or [], keys=keys, at_once=at_once, stay=stay)
    server_options = _server_options(server=server, ca=ca, tenant=tenant, data_dir=data_dir)
    work = commands.fleet(options, server_options, announce=_note, show=lambda result: _show(result, output=output))
    if not _run(work):
        raise typer.Exit(1)


@mail_app.command(
    "send",
    epilog="Example: fauxtune-sim mail send --state phone --to-user bob --out letter.eml",
)
def mail_send(
    *,
    state: StateOption,
    to_certificate: Annotated[
        Path | None, typer.Option(help="Encrypt to this certificate (PEM or DER).", metavar="FILE")
    ] = None,
    to_user: Annotated[
        str | None, typer.Option(help="Write to this user, with the user's newest certificate.", metavar="UPN")
    ] = None,
    sign: Annotated[
        bool | None,
        typer.Option("--sign/--no-sign", help="Sign with a key of this device (default: the account's setting)."),
    ] = None,
    encrypt: Annotated[
        bool | None,
        typer.Option("--encrypt/--no-encrypt", help="Encrypt to the recipient (default: the account's setting)."),
    ] = None,
    sign_with: Annotated[
        str | None, typer.Option(help="The signing certificate (default: the newest).", metavar="THUMBPRINT")
    ] = None,
    sender: Annotated[str | None, typer.Option("--from", help="The sender (default: the device's user).")] = None,
    subject: Annotated[str, typer.Option(help="The subject line.")] = "A message",
    text: Annotated[str, typer.Option(help="The text.")] = "Hello from a simulated device.",
    out: Annotated[Path, typer.Option(help="The file for the mail.", metavar="FILE.eml")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Write a signed or encrypted mail into an .eml file.

    The sender is the device's user. If management set up a mail account, its settings decide whether the mail is signed
    and encrypted, unless the account leaves that to the user.
    """
    from fauxtune_sim import mail_commands

    options = mail_commands.MailOptions(
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
    _finish(_run(mail_commands.send(options)), output=output)


@mail_app.command("set", epilog="Example: fauxtune-sim mail set sign off --state ./alice-iphone")
def mail_set(
    *,
    setting: Annotated[Setting, typer.Argument(metavar="SETTING", help="The setting to change.")],
    value: Annotated[str, typer.Argument(help="on, off, or the THUMBPRINT of a certificate.", metavar="VALUE")],
    account: Annotated[
        str | None, typer.Option(help="The account, by its address (default: the first).", metavar="ADDRESS")
    ] = None,
    state: StateOption,
    output: OutputOption = Output.TEXT,
) -> None:
    """Change a setting of a mail account as its user.

    Only settings that management leaves to the user can be changed.
    """
    from fauxtune_sim import owner_commands

    change = owner_commands.SettingChange(setting=setting, value=value, address=account)
    _finish(_guarded(lambda: owner_commands.change_mail(state, change)), output=output)


@mail_app.command("read", epilog="Example: fauxtune-sim mail read --state ./alice-phone letter.eml")
def mail_read(
    *,
    file: Annotated[Path, typer.Argument(help="The mail to read.", metavar="FILE.eml")],
    state: StateOption,
    output: OutputOption = Output.TEXT,
) -> None:
    """Read a mail with the keys of a device.

    Prints which key decrypted it, and whether the signature is valid, with the reason if not. The exit code is 1 if no
    key of the device decrypts it, or if a signature is not valid.
    """
    from fauxtune_sim import mail_commands

    _finish(_guarded(lambda: mail_commands.read(state, file)), output=output)


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
    step: Annotated[
        bool,
        typer.Option("--step", help="Before each step of the administrator show its requests, and wait for Enter."),
    ] = False,
    open_console: Annotated[bool, typer.Option("--open", help="Open the server's console in a browser.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show S/MIME on managed devices in nine proofs.

    The demonstration starts its own server and simulates the devices. Without `--once` they keep running afterwards,
    until Ctrl-C.
    """
    from fauxtune_sim.demo.narration import Narration
    from fauxtune_sim.demo.run import DemoOptions, run_demo

    options = DemoOptions(
        once=once, port=port, http_port=http_port, data_dir=data_dir, edition=edition, open_console=open_console
    )
    narration = Narration(sys.stderr if output is Output.JSON else sys.stdout, step=step)
    show = _show_json if output is Output.JSON else None
    all_held = _run(run_demo(options, narration=narration, show=show), program="fauxtune demo")
    if not all_held:
        raise typer.Exit(1)


def _server_options(*, server: str | None, ca: Path | None, tenant: str | None, data_dir: Path | None) -> ServerOptions:
    from fauxtune_sim.discovery import ServerOptions

    return ServerOptions(server=server, ca=ca, tenant=tenant, data_dir=data_dir)


def _run(work: Coroutine[Any, Any, T], *, program: str = _PROGRAM) -> T:
    """Run a command's coroutine. A SimulatorError becomes one line on standard error and exit code 1, Ctrl-C 130."""
    from fauxtune_sim.errors import Interrupted, SimulatorError

    try:
        return _loop(work)
    except Interrupted as ended:
        _fail(str(ended), program=program, code=_INTERRUPTED)
    except SimulatorError as failed:
        _fail(str(failed), program=program)
    except KeyboardInterrupt:
        _fail("interrupted", program=program, code=_INTERRUPTED)


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


def _fail(why: str, *, program: str = _PROGRAM, code: int = 1) -> NoReturn:
    if why:
        typer.echo(f"{program}: {why}", err=True)
    raise typer.Exit(code)


def _note(line: str) -> None:
    typer.echo(line, err=True)


def _announcer(output: Output) -> Callable[[str], None]:
    return _note if output is Output.JSON else typer.echo


def _show_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _show(result: CommandOutput, *, output: Output) -> None:
    if output is Output.JSON:
        _show_json(result.document)
        return
    for line in result.lines:
        typer.echo(line)


def _finish(result: CommandOutput, *, output: Output) -> None:
    _show(result, output=output)
    if not result.succeeded:
        raise typer.Exit(1)
