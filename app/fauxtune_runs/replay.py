"""`fauxtune replay`: repeats a run, compares every byte, and leaves a server in the state of any moment of it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import orjson

from fauxtune import __version__
from fauxtune.core.model.text import JsonObject
from fauxtune_cli.options import FAILED, PATH, Output, emit, fail, output_option, plain_failures
from fauxtune_cli.progress import Meter, progress
from fauxtune_runs import differences
from fauxtune_runs.record import write
from fauxtune_runs.repeating import Deviation, repetition
from fauxtune_runs.run import RecordedRequest, Run, read_run, with_answers


@click.command()
@click.argument("file", type=PATH, metavar="RUN", help="a file of `fauxtune record stop`")
@click.option("--until", type=click.IntRange(1), metavar="N", help="repeat only the first N exchanges")
@click.option("--out", type=PATH, help="write export.json and 0001.http and so on into this new folder")
@click.option("--keys", is_flag=True, help="with --out: export.json has the tenant's private keys")
@click.option("--accept", is_flag=True, help="write the answers of now into the run")
@click.option("--serve", is_flag=True, help="serve the tenant as it is then, until Ctrl-C")
@click.option("--database-url", help="repeat it in this empty PostgreSQL database (default: a temporary SQLite file)")
@click.option("--data-dir", type=PATH, help="with --serve: the new folder of the server (default: a temporary one)")
@click.option("--port", type=int, help="with --serve: the HTTPS port")
@click.option("--http-port", type=int, help="with --serve: the HTTP port")
@output_option
def replay(
    file: Path,
    *,
    until: int | None,
    out: Path | None,
    keys: bool,
    accept: bool,
    serve: bool,
    database_url: str | None,
    data_dir: Path | None,
    port: int | None,
    http_port: int | None,
    output: Output,
) -> None:
    """Repeat a recorded run, and compare every byte.

    A temporary server, which nothing else can reach, answers under the recorded addresses. No device runs. The first
    difference is shown with both sides decoded, and the exit code is 1.

    \b
    fauxtune replay run.json
    fauxtune replay run.json --out repeated
    fauxtune replay run.json --until 40 --serve --port 9443 --http-port 9080
    fauxtune replay run.json --accept
    """
    _check_options(serve=serve, alone={"--data-dir": data_dir, "--port": port, "--http-port": http_port}, accept=accept)
    if accept and until is not None:
        fail("--accept and --until cannot be used together: the end of the run would be missing.")
    with plain_failures(), _folder(data_dir, kept=serve) as folder:
        run = read_run(file)
        if until is not None and until > run.exchanges:
            fail(f"The run has {run.exchanges:,} exchanges: --until is at most that.")
        if out is not None:
            _make(out)
        repeated = asyncio.run(
            _repeated(run, folder, database_url=database_url, until=until, out=out, keys=keys, output=output)
        )
        if accept:
            document = orjson.loads(file.read_bytes())
            write(file, with_answers(document, answers=repeated.answers, end=repeated.end, program=__version__))
        emit(output, repeated.document(), text=repeated.text(file, accept=accept))
        if serve:
            _serve(folder, database_url=database_url, port=port, http_port=http_port)
        if repeated.difference is not None and not accept:
            raise click.exceptions.Exit(FAILED)


@dataclass(slots=True)
class _Repeated:
    """What came of a repetition: how much was compared, and the first difference."""

    exchanges: int = 0
    compared: int = 0
    difference: str | None = None
    at: int | None = None
    end: JsonObject = field(default_factory=dict)
    answers: dict[int, JsonObject] = field(default_factory=dict)

    def differs(self, exchange: int | None, words: str) -> None:
        """Take note of a difference; the first one counts."""
        if self.difference is None:
            self.at, self.difference = exchange, words

    def document(self) -> JsonObject:
        """Return it as JSON."""
        return {
            "exchanges": self.exchanges,
            "bytes": self.compared,
            "equal": self.difference is None,
            "exchange": self.at,
            "difference": self.difference,
        }

    def text(self, file: Path, *, accept: bool) -> str:
        """Return it in words."""
        size = f"{self.exchanges:,} exchanges, {self.compared:,} bytes of answers and state"
        if self.difference is None:
            return f"Equal: {size}."
        if accept:
            return f"{file} has the answers of now: {size}. The first that was another:\n{self.difference}"
        where = "in the state at the end" if self.at is None else f"from exchange {self.at} on"
        return f"Different {where}:\n{self.difference}"


async def _repeated(
    run: Run,
    folder: Path,
    *,
    database_url: str | None,
    until: int | None,
    out: Path | None,
    keys: bool,
    output: Output,
) -> _Repeated:
    result = _Repeated()
    total = until or run.exchanges
    with progress("Repeating the run", output=output, total=total, unit="exchanges") as meter:
        async with repetition(run, folder, database_url=database_url) as repeated:
            play = _Play(result, meter, out=out)
            try:
                await repeated.play(run, until=until, answered=play.answered)
            except Deviation as deviation:
                result.differs(deviation.exchange, f"{play.name(deviation.exchange, run)}: {deviation.message}.")
                return result
            end, exported = await repeated.end()
    result.end = end
    if out is not None:
        state = exported if keys else end["export"]
        (out / "export.json").write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2) + b"\n")
    if until is None:
        result.compared += len(orjson.dumps(end["export"]))
        difference = differences.of_states(run.end.export, end["export"])
        if difference is None and end["sha256"] != run.end.sha256:
            difference = "The private keys of the tenant differ; everything else in its export is the same."
        if difference is not None:
            result.differs(None, difference)
    return result


@dataclass(slots=True)
class _Play:
    """Is told each exchange while a run is repeated."""

    result: _Repeated
    meter: Meter
    out: Path | None

    def answered(self, number: int, request: RecordedRequest, recorded: JsonObject, now: JsonObject) -> None:  # noqa: PLR0917
        """Compare an answer, and write it down."""
        self.result.exchanges += 1
        self.result.answers[number] = now
        self.result.compared += len(orjson.dumps(now))
        difference = differences.of_answers(request, recorded, repeated=now)
        if difference is not None:
            self.result.differs(number, f"{request.method} {request.path}\n{difference}")
        if self.out is not None:
            (self.out / f"{number:04}.http").write_bytes(differences.as_http(request, now))
        self.meter.one_done()

    def name(self, number: int, run: Run) -> str:
        """Return a request's method and path."""
        request = next(step.request for step in run.steps if step.exchange == number and step.request is not None)
        return f"{request.method} {request.path}"


def _check_options(*, serve: bool, alone: dict[str, Any], accept: bool) -> None:
    """Exit with a message for options that have no meaning without --serve, or beside it."""
    given = next((name for name, value in alone.items() if value is not None), None)
    if given is not None and not serve:
        fail(f"{given} has a meaning only with --serve.")
    if serve and accept:
        fail("--serve and --accept cannot be used together: the first looks at a state, the second writes answers.")


@contextmanager
def _folder(data_dir: Path | None, *, kept: bool) -> Iterator[Path]:
    """Yield the folder in which the run is repeated. `kept`: a server goes on with it."""
    if data_dir is not None:
        _make(data_dir)
        yield data_dir
    elif kept:
        yield Path(tempfile.mkdtemp(prefix="fauxtune-run-"))
    else:
        with tempfile.TemporaryDirectory(prefix="fauxtune-run-", ignore_cleanup_errors=True) as name:
            yield Path(name)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        fail(f"{folder} is there already: name a new folder.")
    except OSError as error:
        fail(f"{folder} cannot be made: {error.strerror}.")


def _serve(folder: Path, *, database_url: str | None, port: int | None, http_port: int | None) -> None:
    """Become a server on this folder."""
    named = {"--database-url": database_url, "--port": port, "--http-port": http_port}
    options = [word for name, value in named.items() if value is not None for word in (name, str(value))]
    sys.stdout.flush()
    os.execv(  # noqa: S606 - this program again
        sys.executable, [sys.executable, "-m", "fauxtune", "serve", "--data-dir", str(folder), *options]
    )
