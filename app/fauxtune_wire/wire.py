"""`fauxtune wire`: the last requests of a tenant with their responses, as a table or one of them whole, and as HAR."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune.core.model.addresses import surface_words
from fauxtune_cli import completion
from fauxtune_cli.administration import Administration, Session
from fauxtune_cli.options import PATH, Output, fail
from fauxtune_cli.service import with_service
from fauxtune_probe.scep.trial_reports import save
from fauxtune_wire.text import Lines, stop_note, whole

_WAIT = 20
_MOST = 1000
_CLEAR = "clear"
_OFF = "Nothing is recorded: the server was started with --wire-exchanges 0 (FAUXTUNE_WIRE_EXCHANGES)."

_NONE = "There are no such requests."
_ELSEWHERE = "Those without a tenant, such as calls without a token:\n  fauxtune wire --no-tenant"


def _surfaces() -> list[str]:
    return surface_words()


@click.command()
@click.argument(
    "number", required=False, metavar="[NUMBER|clear]", help="show this exchange whole; clear: forget all of them"
)
@click.option("--follow", "-f", is_flag=True, help="wait for further requests until Ctrl-C")
@click.option("--surface", shell_complete=_surfaces, help="graph, identity, devices, android, apple, ...")
@click.option("--device", shell_complete=completion.device, help="only requests of this device: name or id")
@click.option("--status", help="404, 4xx, 5xx, or error: all that were refused")
@click.option("--text", help="only what has this text in its address, reason or bodies")
@click.option("--last", type=click.IntRange(1, _MOST), default=100, help="only the last so many")
@click.option("--before", type=click.IntRange(1), help="only those before this number")
@click.option("--har", type=PATH, help="write them to this file as HTTP archive (HAR 1.2)")
@click.option("--waits", is_flag=True, help="also requests that waited for news, such as devices' push channels")
@click.option("--no-tenant", is_flag=True, help="requests of no tenant, such as those without a token")
@with_service(Administration)
def wire(
    number: str | None,
    *,
    service: Administration,
    follow: bool,
    surface: str | None,
    device: str | None,
    status: str | None,
    text: str | None,
    last: int,
    before: int | None,
    har: Path | None,
    waits: bool,
    no_tenant: bool,
) -> None:
    """Show what was sent and answered, and why it was refused. Times are UTC.

    The server keeps the last 500 requests of each tenant in memory. Secrets are not shown. With --follow and --output
    json every line is a JSON document.

    \b
    fauxtune wire --follow
    fauxtune wire --status error --surface apple
    fauxtune wire 17
    fauxtune wire --device "Alice's phone" --har phone.har
    """
    filters = {"surface": surface, "device": device, "status": status, "text": text}
    older: dict[str, object] = {} if before is None else {"before": before}
    with service.session(with_graph=False) as session:
        if not waits and surface != "push" and session.output is not Output.JSON and har is None:
            older["waits"] = "false"
        window = _Window(session, {name: value for name, value in filters.items() if value}, no_tenant=no_tenant)
        if number == _CLEAR:
            window.send("DELETE", "")
            session.show({"cleared": True}, "What was sent and answered until now is forgotten.")
        elif number is not None:
            exchange = window.send("GET", f"/{_number(number)}")
            _print(session, exchange, text=lambda: whole(exchange))
        elif har is not None:
            _write(session, window.send("GET", "", format="har", limit=_MOST, **older), file=har)
        elif follow:
            _follow(window, last=last, query=older)
        else:
            page = window.send("GET", "", limit=last, **older)
            _note_stop(page)
            _print(session, page["exchanges"], text=lambda: _table(page, no_tenant=no_tenant))


def _print(session: Session, document: Any, *, text: Callable[[], str]) -> None:
    """Print the document or the text, which is clean and may have colours."""
    if session.output is Output.JSON:
        session.show(document, "")
    else:
        print(text())


@dataclass(frozen=True, slots=True)
class _Window:
    """The requests of one tenant, or those of none."""

    session: Session
    filters: dict[str, str]
    no_tenant: bool

    def send(self, method: str, path: str, **query: object) -> Any:
        """Send a request about the window; it is shown with --show-request."""
        return self.session.send(self._request(method, path, query=query))

    def wait(self, after: int, *, query: Mapping[str, object]) -> Any:
        """Return the next page after a number, as soon as there is something on it."""
        client = self.session.client
        ask: Callable[..., Any] = client.emulator if self.no_tenant else client.control
        request = self._request("GET", "", query={**query, "after": after, "wait": _WAIT, "limit": _MOST})
        return ask("GET", request.path, seconds=_WAIT + 30.0)

    def _request(self, method: str, path: str, *, query: dict[str, object]) -> AdminRequest:
        parameters = {} if path or method != "GET" else {**self.filters, **query}
        address = f"/wire{path}?{urlencode(parameters)}" if parameters else f"/wire{path}"
        return AdminRequest(method, address, service=Service.EMULATOR if self.no_tenant else Service.CONTROL)


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 15:
        fail(f"'{text}' is neither the number of a request, which `fauxtune wire` lists, nor the word clear.")
    return int(text)


def _table(page: dict[str, Any], *, no_tenant: bool) -> str:
    if page["kept"] == 0:
        return _OFF
    lines = Lines()
    rows = [lines.of(exchange) for exchange in page["exchanges"]]
    return "\n".join([lines.heading(), *rows]) if rows else _NONE if no_tenant else f"{_NONE} {_ELSEWHERE}"


def _note_stop(page: dict[str, Any]) -> None:
    """Say on standard error which requests are left out: waits, and older ones that were not searched."""
    if page.get("waits"):
        words = "1 wait" if page["waits"] == 1 else f"{page['waits']} waits"
        print(f"{words} hidden; --waits shows them.", file=sys.stderr)
    if page["stoppedAt"] is not None:
        print(stop_note(page["stoppedAt"]), file=sys.stderr)


def _follow(window: _Window, *, last: int, query: Mapping[str, object]) -> None:
    """Print requests until Ctrl-C, each on one line."""
    lines, is_json = Lines(), window.session.output is Output.JSON
    page = window.send("GET", "", limit=last, **query)
    if page["kept"] == 0:
        fail(_OFF)
    _note_stop(page)
    if not is_json:
        print(lines.heading())
    try:
        while True:
            for exchange in page["exchanges"]:
                print(json.dumps(exchange) if is_json else lines.of(exchange))
            sys.stdout.flush()
            page = window.wait(page["next"], query=query)
    except KeyboardInterrupt:
        raise click.exceptions.Exit from None


def _write(session: Session, archive: dict[str, Any], *, file: Path) -> None:
    save(file, json.dumps(archive, indent=1))
    count = len(archive["log"]["entries"])
    if "comment" in archive["log"]:
        print(archive["log"]["comment"], file=sys.stderr)
    session.show({"written": str(file), "entries": count}, f"{count} requests are in {file}.")
