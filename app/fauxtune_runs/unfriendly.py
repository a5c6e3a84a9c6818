"""`fauxtune unfriendly`: runs a program again and again, each time with other faults, and shrinks what breaks it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from fauxtune.core.administration import emulation as tasks
from fauxtune.core.administration.requests import AdminRequest, Service, key
from fauxtune.core.chance import LARGEST_NUMBER
from fauxtune.core.errors import Invalid
from fauxtune.core.faults import schedules
from fauxtune.core.faults.schedules import Asked, Schedule
from fauxtune_cli.administration import Administration, Session
from fauxtune_cli.options import FAILED, PATH
from fauxtune_cli.progress import progress
from fauxtune_cli.server.env import Program, variables
from fauxtune_cli.service import with_service
from fauxtune_cli.tenant.tenant import seed_of

_MOST_READ = "1000"


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
@click.option("--runs", type=click.IntRange(1, 100_000), default=200, help="how many schedules at most (default: 200)")
@click.option(
    "--seed", type=click.IntRange(0, LARGEST_NUMBER), default=0, help="what the schedules are made from (default: 0)"
)
@click.option("--schedule", help="only this one: a line that an earlier run printed")
@click.option("--state", multiple=True, help="a sentence that the tenant has reached before; can be repeated")
@click.option("--seed-file", type=PATH, help="what is in the tenant: a seed's JSON file (default: contoso)")
@with_service(Administration)
def unfriendly(
    command: tuple[str, ...],
    *,
    service: Administration,
    runs: int,
    seed: int,
    schedule: str | None,
    state: tuple[str, ...],
    seed_file: Path | None,
) -> None:
    """Find the faults that break a program, and shrink them to the fewest.

    The program runs once without faults, then with up to --runs schedules of them, each time in a fresh tenant that the
    variables of `fauxtune env` name. Its exit code judges. The first schedule with which it fails is shrunk.

    Exit codes: 0, it came through all; 1, a schedule broke it; 2, it fails without any.

    \b
    fauxtune unfriendly --runs 200 -- npm test
    fauxtune unfriendly --state "alice has two devices" -- python sync.py
    fauxtune unfriendly --schedule 'number=0; throttled GET /users #1' -- npm test
    """
    try:
        only = None if schedule is None else schedules.read(schedule)
    except Invalid as error:
        raise click.UsageError(error.message) from None
    content = "contoso" if seed_file is None else seed_of(str(seed_file))
    with service.session(with_graph=False) as session:
        trial = _Trial(session, command, states=state, seed=content)
        result = trial.one(only) if only is not None else trial.search(seed, runs=runs)
        session.show(result.document(), result.text(command))
    if result.schedule is not None:
        raise click.exceptions.Exit(FAILED)


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of a search: how many schedules were tried, and the shortest that broke the program."""

    runs: int
    schedule: Schedule | None = None
    output: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        decisions = () if self.schedule is None else self.schedule.decisions
        return {
            "runs": self.runs,
            "failed": self.schedule is not None,
            "schedule": None if self.schedule is None else self.schedule.line(),
            "decisions": [{"words": decision.words()} for decision in decisions],
        }

    def text(self, command: tuple[str, ...]) -> str:
        """Return it in words."""
        if self.schedule is None:
            return f"It came through {self.runs:,} schedule{'' if self.runs == 1 else 's'}."
        lines = [f"  {number}. {decision.words()}" for number, decision in enumerate(self.schedule.decisions, 1)]
        return "\n".join(
            [
                f"It failed with schedule {self.runs:,}. The fewest faults with which it fails:",
                *lines,
                *(["", "What it printed then:", self.output.rstrip()] if self.output.strip() else []),
                "",
                f"Again: fauxtune unfriendly --schedule '{self.schedule.line()}' -- {' '.join(command)}",
            ]
        )


class _Trial:
    """Runs of one program."""

    def __init__(
        self, session: Session, command: tuple[str, ...], *, states: tuple[str, ...], seed: str | dict[str, Any]
    ) -> None:
        self._session = session
        self._command = command
        self._states = states
        self._seed = seed
        self._output = ""

    def one(self, schedule: Schedule) -> _Result:
        """Run the program with one schedule."""
        self._friendly(schedule.number)
        return _Result(1, schedule, self._output) if self._fails(schedule) else _Result(1)

    def search(self, seed: int, *, runs: int) -> _Result:
        """Look for a schedule that breaks the program, and shrink it."""
        requests = self._friendly(seed)
        if not requests:
            raise _Unusable(
                "The program sent no request to Graph with the credentials that it was given, so there is nothing that "
                "a fault could strike."
            )
        with progress("Trying schedules", output=self._session.output, total=runs, unit="schedules") as meter:
            for place in range(runs):
                schedule = schedules.drawn(seed, place, requests=requests)
                if schedule.decisions and self._fails(schedule):
                    meter.rename("Looking for the fewest faults")
                    shortest = schedules.shortest(schedule, self._fails)
                    self._fails(shortest)  # once more, for what it prints
                    return _Result(place + 1, shortest, self._output)
                meter.one_done()
        return _Result(runs)

    def _friendly(self, number: int) -> list[Asked]:
        """Run the program without faults; return what it asked. Ends this command if it fails."""
        with self._tenant(number) as tenant:
            code = self._run(tenant)
            if code != 0:
                sys.stderr.write(self._output)
                raise _Unusable(f"The program fails without any fault: exit code {code}.")
            return self._asked(tenant)

    def _fails(self, schedule: Schedule) -> bool:
        with self._tenant(schedule.number) as tenant:
            for rule in schedule.rules(tenant["clientId"]):
                self._send("POST", f"{_path(tenant)}/faults", body=rule)
            return self._run(tenant) != 0

    @contextmanager
    def _tenant(self, number: int) -> Iterator[dict[str, Any]]:
        """Yield a fresh tenant, which is deleted at the end."""
        tenant = self._session.send(tasks.create_tenant(seed=self._seed, deterministic=number))
        try:
            for sentence in self._states:
                self._send("PUT", f"{_path(tenant)}/states", body={"state": sentence})
            yield tenant
        finally:
            self._session.send(tasks.delete_tenant(tenant["id"]))

    def _run(self, tenant: dict[str, Any]) -> int:
        """Run the program; return its exit code."""
        server = replace(
            self._session.client.server,
            tenant=tenant["id"],
            tenant_id=tenant["id"],
            client_id=tenant["clientId"],
            client_secret=tenant["clientSecret"],
        )
        own = variables(server, Program.PYTHON) | variables(server, Program.NODE) | {"FAUXTUNE_TENANT": tenant["id"]}
        try:
            done = subprocess.run(  # noqa: S603 - the user's own program
                self._command, env={**os.environ, **own}, capture_output=True, text=True, errors="replace", check=False
            )
        except OSError as error:
            raise click.UsageError(f"{self._command[0]} cannot be run: {error.strerror}.") from None
        self._output = done.stdout + done.stderr
        return done.returncode

    def _asked(self, tenant: dict[str, Any]) -> list[Asked]:
        rows = self._send("GET", f"{_path(tenant)}/wire?limit={_MOST_READ}&surface=graph")["exchanges"]
        requests = schedules.program_requests(
            rows,
            application=tenant["clientId"],
            whole=lambda number: self._send("GET", f"{_path(tenant)}/wire/{number}"),
        )
        return schedules.asked(requests)

    def _send(self, method: str, path: str, *, body: dict[str, Any] | None = None) -> Any:
        return self._session.send(AdminRequest(method, path, body, service=Service.EMULATOR))


class _Unusable(click.ClickException):
    """The program cannot be tried."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Write the reason as every command does."""
        print(f"fauxtune: {self.message}", file=file or sys.stderr)


def _path(tenant: dict[str, Any]) -> str:
    return f"/tenants/{key(tenant['id'])}"
