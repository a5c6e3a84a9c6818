"""The command line of `fauxtune-sim`: parsing of arguments and printing, nothing else.

Expensive modules are imported when a command runs, so that `--help` is fast.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import click

from fauxtune_sim.cli.base import (
    PATH,
    Group,
    OneOf,
    Output,
    again_option,
    announcer,
    autopilot_option,
    bar_at_terminal,
    ca_option,
    data_dir_option,
    finish,
    guarded,
    note,
    output_option,
    processes_option,
    rate_option,
    run_to_end,
    server_option,
    server_options_of,
    show_json,
    show_result,
    state_option,
    states_option,
    tenant_option,
)
from fauxtune_sim.cli.mail import mail_app
from fauxtune_sim.cli.owner import fact_app, keystore, owner_of, script_app
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.platforms import Mode, Platform, read_kind

#: How the help of a program, and of all that is in it, looks.
OF_A_PROGRAM = {"help_option_names": ["-h", "--help"], "show_default": True}
app = Group(
    help="Simulated devices that enrol and check in by the real protocols, keep real keys, and handle S/MIME mail.",
    context_settings=OF_A_PROGRAM,
)


@app.command(epilog="Example: fauxtune-sim enroll --platform ios --user alice --state alice-phone")
@click.option(
    "--platform",
    metavar="PLATFORM",
    help=f"The device's platform: {', '.join(Platform)} (default: android); or android/MODE.",
)
@click.option(
    "--mode",
    type=OneOf(Mode),
    metavar="MODE",
    help=f"How an Android device is managed: {', '.join(Mode)} (default: work-profile).",
)
@click.option("--os-version", metavar="VERSION", help="The operating system's version (default: a usual one).")
@click.option("--name", help="The device's name (default: made from its model).")
@click.option("--token", metavar="TOKEN", help="An enrolment token.")
@click.option(
    "--user",
    metavar="USER",
    help="The user of the device, with or without the domain; the token is created by the control surface.",
)
@click.option("--password", metavar="PASSWORD", help="The user's password, instead of a token: Windows only.")
@click.option(
    "--profile",
    metavar="FILE|URL",
    help="A configuration profile that names the MDM server, Fauxtune or another: Apple only.",
)
@autopilot_option
@state_option
@server_option
@ca_option
@tenant_option
@data_dir_option
@output_option
def enroll(
    *,
    platform: str | None,
    mode: Mode | None,
    os_version: str | None,
    name: str | None,
    token: str | None,
    user: str | None,
    password: str | None,
    profile: str | None,
    autopilot: bool,
    state: Path,
    server: str | None,
    ca: Path | None,
    tenant: str | None,
    data_dir: Path | None,
    output: Output,
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
        raise click.BadParameter(str(unknown), param_hint="'--platform'") from None
    if kind.mode is None or platform.lower() == kind.platform:  # the mode is left open
        return kind.platform, mode
    if mode not in (None, kind.mode):
        raise click.BadParameter(f"--platform {platform} has the mode {kind.mode} already.", param_hint="'--mode'")
    return kind.platform, kind.mode


@app.command("hash", epilog="Example: fauxtune-sim hash --state ./alice-pc > hashes.csv")
@state_option
@output_option
def hardware_hash(*, state: Path, output: Output) -> None:
    """Print a PC's hardware hash, for Windows Autopilot.

    Serial number and hash have the form of a file for an import. A folder without a device gets a new PC.
    """
    from fauxtune_sim.cli import commands

    finish(run_to_end(commands.hardware_hash(state)), output=output)


@app.command(epilog="Example: fauxtune-sim checkin --state phone --state pc --until-settled")
@states_option
@click.option("--until-settled", is_flag=True, help="Repeat until the device has settled.")
@click.option("--timeout", default=60.0, help="The most seconds to repeat for.")
@output_option
def checkin(*, state: tuple[Path, ...], until_settled: bool, timeout: float, output: Output) -> None:
    """Let devices check in: report, install, carry out commands.

    A check-in ends when the service has nothing more for the device. `--until-settled` also waits for certificates that
    the service does not have yet; its exit code is 0 if the device settled and no profile failed or still waits, else
    1, and it lists those profiles with the reasons. (The device knows what it refused; a Fauxtune server on this
    machine knows the rest.) A profile for imported certificates has "nothing to deliver" to a user without any: that is
    no failure. Without `--until-settled` the exit code is 0 if the check-in took place.
    """
    from fauxtune_sim.cli import commands

    is_told = until_settled and output is Output.TEXT
    with (is_told and bar_at_terminal("settled", total=len(state))) or nullcontext() as bar:
        progress = None if bar is None else bar.progress
        work = commands.check_in_each(state, until_settled=until_settled, timeout=timeout, progress=progress)
        result = run_to_end(work)
    finish(result, output=output, state=state[0])


@app.command(epilog="Example: fauxtune-sim run --state ./alice-phone --state ./bob-phone")
@states_option
@output_option
def run(*, state: tuple[Path, ...], output: Output) -> None:
    """Keep devices connected until Ctrl-C.

    They check in after every push and at the usual intervals.
    """
    from fauxtune_sim.cli import commands

    finish(run_to_end(commands.run(state, announce=announcer(output))), output=output)


@app.command(epilog="Example: fauxtune-sim unenroll --state ./alice-phone")
@state_option
@output_option
def unenroll(*, state: Path, output: Output) -> None:
    """Unenrol a device as its user: all managed items are removed.

    The user removes the work profile, or the account. The company's own Android devices refuse: only an administrator
    can end their management, by a wipe. With `--mode device-admin` the certificates stay on the device.
    """
    from fauxtune_sim.cli import commands

    finish(run_to_end(commands.unenroll(state)), output=output)


@app.command(epilog="Example: fauxtune-sim settings --state ./alice-iphone")
@state_option
@output_option
def settings(*, state: Path, output: Output) -> None:
    """List the settings that management has set on a device.

    Each has its address on the wire: a node, a payload and its key, or a key of the policy.
    """
    finish(guarded(lambda: owner_of(state).settings()), output=output)


@app.command(epilog="Example: fauxtune-sim lock --state ./alice-iphone")
@state_option
@output_option
def lock(*, state: Path, output: Output) -> None:
    """Lock a device. A locked iPhone or iPad answers NotNow to commands that need its protected data."""
    finish(guarded(lambda: owner_of(state).lock(locked=True)), output=output)


@app.command(epilog="Example: fauxtune-sim unlock --state ./alice-iphone")
@state_option
@output_option
def unlock(*, state: Path, output: Output) -> None:
    """Unlock a device."""
    finish(guarded(lambda: owner_of(state).lock(locked=False)), output=output)


@app.command(epilog="Example: fauxtune-sim restart --state ./alice-iphone")
@state_option
@output_option
def restart(*, state: Path, output: Output) -> None:
    """Restart a device: it is locked afterwards. An iPhone or iPad lists no certificates until it is unlocked."""
    finish(guarded(lambda: owner_of(state).restart()), output=output)


@app.command(epilog="Example: fauxtune-sim refuse imported --code 9006 --state ./alice-iphone")
@click.argument(
    "kinds",
    type=OneOf(Delivery),
    nargs=-1,
    metavar="[KIND]...",
    help=f"What the device refuses: {', '.join(Delivery)}.",
)
@click.option(
    "--code",
    type=int,
    metavar="N",
    help="The error code to answer: Apple's ErrorCode, a SyncML status, a Windows error number.",
)
@click.option("--nothing", is_flag=True, help="Refuse nothing any more.")
@state_option
@output_option
def refuse(*, kinds: tuple[Delivery, ...], code: int | None, nothing: bool, state: Path, output: Output) -> None:
    """Set which deliveries a device refuses.

    It refuses them as a device does that cannot apply them. What is installed already stays. Each call replaces what
    was set before.
    """
    if nothing == bool(kinds):
        raise click.BadParameter(f"Name what the device refuses ({', '.join(Delivery)}), or use --nothing.")
    finish(guarded(lambda: owner_of(state).refuse(kinds or (), code=code)), output=output)


@app.command(epilog="Example: fauxtune-sim fleet --devices 200 --mix android:2,android/knox:1")
@click.option("--devices", type=click.IntRange(1), required=True, help="The number of devices.")
@click.option(
    "--mix", default="android", metavar="MIX", help="The kinds of devices and their shares: PLATFORM[/MODE][:SHARE],..."
)
@click.option(
    "--user", multiple=True, help="A user of the devices; can be repeated (default: all seeded users in turn)."
)
@click.option(
    "--keys", default="64", metavar="N|each", help="The number of identity keys to share, or `each`: a key per device."
)
@click.option(
    "--at-once", type=click.IntRange(1), default=32, help="The number of devices that check in at the same time."
)
@click.option(
    "--seed", type=int, metavar="N", help="Make the same devices again: their models, versions, names and facts."
)
@processes_option
@again_option
@rate_option
@click.option("--stay", is_flag=True, help="Keep the devices connected after the summary, until Ctrl-C.")
@server_option
@ca_option
@tenant_option
@data_dir_option
@output_option
def fleet(
    *,
    devices: int,
    mix: str,
    user: tuple[str, ...],
    keys: str,
    at_once: int,
    seed: int | None,
    processes: int,
    again: int,
    rate: float | None,
    stay: bool,
    server: str | None,
    ca: Path | None,
    tenant: str | None,
    data_dir: Path | None,
    output: Output,
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
        options,
        server_options,
        announce=note,
        output=output,
        show=lambda result: show_result(result, output=output),
    )
    if not run_to_end(work):
        raise click.exceptions.Exit(1)


@app.command(epilog="Example: fauxtune demo --once")
@click.option("--once", is_flag=True, help="End after the proofs, with exit code 0 only if all of them held.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8443, help="The server's HTTPS port; 0 takes a free one."
)
@click.option("--http-port", type=click.IntRange(0, 65535), default=8080, help="Its HTTP port; 0 takes a free one.")
@click.option(
    "--data-dir",
    type=PATH,
    metavar="DIR",
    help="Keep the server's data, the devices and the mails in this folder (default: delete them at the end).",
)
@click.option(
    "--edition", help="The Intune that a new tenant behaves like: 2020-04 or current (default: the server's)."
)
@click.option(
    "--step", is_flag=True, help="Before each step of the administrator show its requests, and wait for Enter."
)
@click.option("--open", "open_console", is_flag=True, help="Open the server's console in a browser.")
@click.option(
    "--report",
    type=PATH,
    metavar="FILE.html",
    help="Write what happened as a page, with the files and lines that prove it.",
)
@click.option(
    "--lang",
    "language",
    default="en",
    envvar="FAUXTUNE_LANG",
    show_envvar=True,
    help="The language of that page: en or it. What the demonstration itself prints is in English.",
)
@output_option
def demo(
    *,
    once: bool,
    port: int,
    http_port: int,
    data_dir: Path | None,
    edition: str | None,
    step: bool,
    open_console: bool,
    report: Path | None,
    language: str,
    output: Output,
) -> None:
    """Show S/MIME on managed devices in thirteen proofs.

    The demonstration starts its own server and simulates the devices. Without `--once` they keep running afterwards,
    until Ctrl-C.
    """
    from fauxtune_sim.demo.narration import Narration
    from fauxtune_sim.demo.server_process import LANGUAGES, DemoOptions
    from fauxtune_sim.demo.start import demonstrate

    if language not in LANGUAGES:
        raise click.BadParameter(f"one of {', '.join(LANGUAGES)}, please", param_hint="--lang")
    if report is not None and report.suffix != ".html":
        raise click.BadParameter("the name of the page must end in .html", param_hint="--report")
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
        raise click.exceptions.Exit(1)


app.add_command(fact_app, "fact")
app.add_command(script_app, "script")
app.add_command(keystore, "keystore")
app.add_command(mail_app, "mail")
