"""`fauxtune clock`: the tenant's clock, by which certificates expire and devices check in."""

from __future__ import annotations

import textwrap
from typing import Any

import click

from fauxtune.core.administration import emulation as tasks
from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune_cli.administration import Administration, Session
from fauxtune_cli.device.whatif import effects_of_time
from fauxtune_cli.options import Group, iso_duration, iso_time, one_line
from fauxtune_cli.service import with_service

app = Group(
    help="""Show the tenant's clock, freeze it, or put it forward.

Certificates expire and devices check in by this clock; all times are UTC.

\b
fauxtune clock show
fauxtune clock advance "30 days" --settle
fauxtune clock run --system"""
)

_COLUMNS = 80
_MODES = {
    "system": "It is the computer's clock.",
    "frozen": "It stands still; let it run again: fauxtune clock run",
    "offset": "It runs beside the computer's clock; back to that: fauxtune clock run --system",
}


@app.command()
@with_service(Administration)
def show(*, service: Administration) -> None:
    """Show the tenant's time, and whether the clock runs.

    \b
    fauxtune clock show
    fauxtune clock show --output json
    """
    with service.session() as session:
        _print(session, session.send(AdminRequest("GET", "/clock", service=Service.CONTROL)))


@app.command()
@click.argument("at", required=False, metavar="[TIME]", help="at this time (default: now)")
@with_service(Administration)
def freeze(*, at: str | None, service: Administration) -> None:
    """Stop the clock, now or at a time.

    \b
    fauxtune clock freeze
    fauxtune clock freeze 2027-01-31T10:00:00Z
    """
    time = None if at is None else iso_time(at)
    with service.session() as session:
        _print(session, session.send(tasks.set_clock("frozen", now=time)))


@app.command("set")
@click.argument("time", help="2027-01-31, or 2027-01-31T10:00:00Z")
@with_service(Administration)
def set_(*, time: str, service: Administration) -> None:
    """Set the clock to a time. It goes on running; a frozen one stays frozen.

    \b
    fauxtune clock set 2027-01-31
    fauxtune clock set "2027-01-31 10:00"
    """
    now = iso_time(time)
    with service.session() as session:
        mode = session.client.control("GET", "/clock")["mode"]
        _print(session, session.send(tasks.set_clock("frozen" if mode == "frozen" else "offset", now=now)))


@app.command()
@click.option("--system", is_flag=True, help="with the computer's time")
@with_service(Administration)
def run(*, system: bool, service: Administration) -> None:
    """Let the clock run, from the time that it shows.

    \b
    fauxtune clock run
    fauxtune clock run --system
    """
    with service.session() as session:
        _print(session, session.send(tasks.set_clock("system" if system else "offset")))


@app.command()
@click.argument("by", metavar="DURATION", help="'30 days', '1 year', '8 hours', P30D, PT8H")
@click.option("--settle", is_flag=True, help="then push all connected devices, and wait until they have settled")
@click.option("--timeout", type=click.IntRange(1, 600), default=60, help="wait for them this many seconds at most")
@click.option("--what-if", is_flag=True, help="only show whose compliance time would change, without a check-in")
@with_service(Administration)
def advance(*, by: str, settle: bool, timeout: int, what_if: bool, service: Administration) -> None:
    """Put the clock forward.

    \b
    fauxtune clock advance P30D
    fauxtune clock advance "30 days" --settle
    fauxtune clock advance "30 days" --what-if
    """
    if what_if:
        _foresee(service, by=iso_duration(by))
        return
    request = tasks.advance_clock(iso_duration(by), settle=settle)
    if settle:
        request = AdminRequest(
            request.method, request.path, {**(request.body or {}), "timeout": timeout}, Service.CONTROL
        )
    with service.session() as session:
        title = "Waiting until the devices have settled"
        answer = session.send(request, seconds=timeout + 30.0, title=title)
        _print(session, answer)
        if answer.get("waiting"):
            raise click.exceptions.Exit(1)


def _foresee(service: Administration, *, by: str) -> None:
    with service.session() as session:
        answer = session.send(tasks.what_if_time(by))
        session.show(answer, effects_of_time(answer["devices"]))


def _print(session: Session, clock: dict[str, Any]) -> None:
    late = sorted(clock.get("waiting") or [], key=lambda each: str(each["name"]))
    lines = [f"{clock['now'][:19].replace('T', ' ')} UTC", _MODES[clock["mode"]]]
    if clock.get("settled") is not None:
        lines.append(f"Devices that have settled: {len(clock['settled'])}.")
        for each in late:
            text = one_line(f"{each['name'] or each['device']} has not settled: {each['why']}.")
            lines += textwrap.wrap(text, _COLUMNS, subsequent_indent="  ", break_on_hyphens=False)
    session.show(clock, "\n".join(lines))
