"""The command line of `fauxtune-sim`: parsing of arguments and printing, nothing else.

Expensive modules are imported when a command runs, so that `--help` is fast.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fauxtune_sim.cli.base import (
    AgainOption,
    AutopilotOption,
    CaOption,
    DataDirOption,
    Output,
    OutputOption,
    ProcessesOption,
    RateOption,
    ServerOption,
    StateOption,
    StatesOption,
    TenantOption,
    announcer,
    finish,
    guarded,
    note,
    run_to_end,
    server_options_of,
    show_json,
    show_result,
)
from fauxtune_sim.cli.mail import mail_app
from fauxtune_sim.cli.owner import fact_app, keystore_app, owner_of, script_app
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.platforms import Mode, Platform, read_kind

PlatformOption = Annotated[
    str | None,
    typer.Option(
        help=f"The device's platform: {', '.join(Platform)} (default: android); or android/MODE.", metavar="PLATFORM"
    ),
]
ModeOption = Annotated[
    Mode | None,
    typer.Option(help=f"How an Android device is managed: {', '.join(Mode)} (default: work-profile).", metavar="MODE"),
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
app.add_typer(fact_app, name="fact")
app.add_typer(script_app, name="script")
app.add_typer(keystore_app, name="keystore")
app.add_typer(mail_app, name="mail")


@app.command(epilog="Example: fauxtune-sim enroll --platform ios --user alice --state alice-phone")
def enroll(
    *,
    platform: PlatformOption = None,
    mode: ModeOption = None,
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
    autopilot: AutopilotOption = False,
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
    from fauxtune_sim.cli import commands

    system, mode = _kind(platform, mode)
    options = commands.EnrollOptions(
        state=state,
        platform=system,
        mode=mode,
        os_version=os_version,
        name=name,
        token=token,
        user=user,
        password=password,
        profile=profile,
        autopilot=autopilot,
    )
    server_options = server_options_of(server=server, ca=ca, tenant=tenant, data_dir=data_dir)
    finish(run_to_end(commands.enroll(options, server_options)), output=output, state=options.state)


def _kind(platform: str | None, mode: Mode | None) -> tuple[Platform | None, Mode | None]:
    """The platform and the mode that two options mean together."""
    if platform is None:
        return None, mode
    try:
        kind = read_kind(platform)
    except NotFoundHere as unknown:
        raise typer.BadParameter(str(unknown), param_hint="'--platform'") from None
    if kind.mode is None or platform.lower() == kind.platform:  # the mode is left open
        return kind.platform, mode
    if mode not in (None, kind.mode):
        raise typer.BadParameter(f"--platform {platform} has the mode {kind.mode} already.", param_hint="'--mode'")
    return kind.platform, kind.mode


@app.command("hash", epilog="Example: fauxtune-sim hash --state ./alice-pc > hashes.csv")
def hardware_hash(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Print a PC's hardware hash, for Windows Autopilot.

    Serial number and hash have the form of a file for an import. A folder without a device gets a new PC.
    """
    from fauxtune_sim.cli import commands

    finish(run_to_end(commands.hardware_hash(state)), output=output)


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
    machine knows the rest.) A profile for imported certificates has "nothing to deliver" to a user without any: that is
    no failure. Without `--until-settled` the exit code is 0 if the check-in took place.
    """
    from fauxtune_sim.cli import commands

    result = run_to_end(commands.check_in_each(state, until_settled=until_settled, timeout=timeout))
    finish(result, output=output, state=state[0])


@app.command(epilog="Example: fauxtune-sim run --state ./alice-phone --state ./bob-phone")
def run(
    *,
    state: StatesOption,
    output: OutputOption = Output.TEXT,
) -> None:
    """Keep devices connected until Ctrl-C.

    They check in after every push and at the usual intervals.
    """
    from fauxtune_sim.cli import commands

    finish(run_to_end(commands.run(state, announce=announcer(output))), output=output)


@app.command(epilog="Example: fauxtune-sim unenroll --state ./alice-phone")
def unenroll(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Unenrol a device as its user: all managed items are removed.

    The user removes the work profile, or the account. The company's own Android devices refuse: only an administrator
    can end their management, by a wipe. With `--mode device-admin` the certificates stay on the device.
    """
    from fauxtune_sim.cli import commands

    finish(run_to_end(commands.unenroll(state)), output=output)


@app.command(epilog="Example: fauxtune-sim settings --state ./alice-iphone")
def settings(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """List the settings that management has set on a device.

    Each has its address on the wire: a node, a payload and its key, or a key of the policy.
    """
    finish(guarded(lambda: owner_of(state).settings()), output=output)


@app.command(epilog="Example: fauxtune-sim lock --state ./alice-iphone")
def lock(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Lock a device. A locked iPhone or iPad answers NotNow to commands that need its protected data."""
    finish(guarded(lambda: owner_of(state).lock(locked=True)), output=output)


@app.command(epilog="Example: fauxtune-sim unlock --state ./alice-iphone")
def unlock(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Unlock a device."""
    finish(guarded(lambda: owner_of(state).lock(locked=False)), output=output)


@app.command(epilog="Example: fauxtune-sim restart --state ./alice-iphone")
def restart(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Restart a device: it is locked afterwards. An iPhone or iPad lists no certificates until it is unlocked."""
    finish(guarded(lambda: owner_of(state).restart()), output=output)


@app.command(epilog="Example: fauxtune-sim refuse imported --code 9006 --state ./alice-iphone")
def refuse(
    *,
    kinds: Annotated[
        list[Delivery] | None,
        typer.Argument(help=f"What the device refuses: {', '.join(Delivery)}.", metavar="KIND..."),
    ] = None,
    code: Annotated[
        int | None,
        typer.Option(
            help="The error code to answer: Apple's ErrorCode, a SyncML status, a Windows error number.", metavar="N"
        ),
    ] = None,
    nothing: Annotated[bool, typer.Option("--nothing", help="Refuse nothing any more.")] = False,
    state: StateOption,
    output: OutputOption = Output.TEXT,
) -> None:
    """Set which deliveries a device refuses.

    It refuses them as a device does that cannot apply them. What is installed already stays. Each call replaces what
    was set before.
    """
    if nothing == bool(kinds):
        raise typer.BadParameter(f"Name what the device refuses ({', '.join(Delivery)}), or use --nothing.")
    finish(guarded(lambda: owner_of(state).refuse(kinds or (), code=code)), output=output)


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
    seed: Annotated[
        int | None,
        typer.Option(help="Make the same devices again: their models, versions, names and facts.", metavar="N"),
    ] = None,
    processes: ProcessesOption = 1,
    again: AgainOption = 0,
    rate: RateOption = None,
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

    The summary has the times of enrolments and check-ins: half of them, 99 % and 99.9 % were not longer than it says.
    The exit code is 0 only if every device is enrolled, has settled, has refused nothing and waits for nothing.
    """
    from fauxtune_sim.cli import fleet_commands

    options = fleet_commands.FleetOptions(
        devices=devices,
        mix=mix,
        users=user or [],
        keys=keys,
        at_once=at_once,
        stay=stay,
        seed=seed,
        processes=processes,
        again=again,
        rate=rate,
    )
    server_options = server_options_of(server=server, ca=ca, tenant=tenant, data_dir=data_dir)
    work = fleet_commands.fleet(
        options, server_options, announce=note, show=lambda result: show_result(result, output=output)
    )
    if not run_to_end(work):
        raise typer.Exit(1)


ReportLanguage = Annotated[
    str,
    typer.Option(
        "--lang",
        envvar="FAUXTUNE_LANG",
        help="The language of that page: en or it. What the demonstration itself prints is in English.",
    ),
]


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
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write what happened as a page, with the files and lines that prove it.", metavar="FILE.html"
        ),
    ] = None,
    language: ReportLanguage = "en",
    output: OutputOption = Output.TEXT,
) -> None:
    """Show S/MIME on managed devices in thirteen proofs.

    The demonstration starts its own server and simulates the devices. Without `--once` they keep running afterwards,
    until Ctrl-C.
    """
    from fauxtune_sim.demo.narration import Narration
    from fauxtune_sim.demo.server_process import LANGUAGES, DemoOptions
    from fauxtune_sim.demo.start import demonstrate

    if language not in LANGUAGES:
        raise typer.BadParameter(f"one of {', '.join(LANGUAGES)}, please", param_hint="--lang")
    if report is not None and report.suffix != ".html":
        raise typer.BadParameter("the name of the page must end in .html", param_hint="--report")
    options = DemoOptions(
        once=once,
        port=port,
        http_port=http_port,
        data_dir=data_dir,
        edition=edition,
        open_console=open_console,
        report=report,
        language=language,
    )
    narration = Narration(sys.stderr if output is Output.JSON else sys.stdout, step=step)
    show = show_json if output is Output.JSON else None
    all_held = run_to_end(demonstrate(options, narration=narration, show=show), program="fauxtune demo")
    if not all_held:
        raise typer.Exit(1)
