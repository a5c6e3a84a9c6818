"""`fauxtune journal`: what happened in a tenant, a line for each event, with names."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import click
from rich.cells import set_cell_size

from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune.core.model.words.journal_words import tone, words
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, Session
from fauxtune_cli.options import SHORT, Output, one_line
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import person

_WAIT = 20
_USER, _DEVICE, _LEAST = 8, 18, 20
_COLOURS = {"good": "32", "bad": "31", "going": "33"}


@click.command()
@click.option("--follow", "-f", is_flag=True, help="wait for further events until Ctrl-C")
@click.option("--type", "types", multiple=True, help="only events of this type, such as installed; repeatable")
@click.option("--device", shell_complete=completion.device, help="only events of this device: name or id")
@click.option("--last", type=click.IntRange(0), help="only the last so many events")
@with_service(Administration)
def journal(
    *, service: Administration, follow: bool, types: tuple[str, ...], device: str | None, last: int | None
) -> None:
    """Show what happened in the tenant, a line for each event. Times are UTC.

    With --follow and --output json every line is a JSON document.

    \b
    fauxtune journal --last 20
    fauxtune journal --follow --type installed --type removed
    fauxtune journal --device "Alice's phone" --output json
    """
    with service.session() as session:
        query = {"type": ",".join(types), "device": _device_id(session, device)}
        filters = {name: value for name, value in query.items() if value}
        past = deque(_events(session, filters), maxlen=last)
        if follow:
            _follow(session, past, filters=filters)
        elif session.output is Output.JSON:
            session.show(session.marked([*past]), "")
        else:
            lines = _Lines()
            events = session.marked([*past])
            print(session.in_colour("\n".join(lines.of(event) for event in events)) or "There are no such events.")


def _device_id(session: Session, device: str | None) -> str | None:
    return None if device is None else names.device_or_enrolment(session.client, device)[0]


def _events(session: Session, filters: dict[str, str], *, after: int = 0) -> Iterator[dict[str, Any]]:
    """All events after a number, page by page. Only the first request is shown."""
    request = _request(filters, after=after)
    page = session.send(request)
    while page["events"]:
        yield from page["events"]
        page = session.client.control("GET", _request(filters, after=page["next"]).path)


def _request(filters: dict[str, str], *, after: int, wait: int | None = None) -> AdminRequest:
    query = {"after": after, **filters} | ({} if wait is None else {"wait": wait})
    return AdminRequest("GET", f"/journal?{urlencode(query, safe=',')}", service=Service.CONTROL)


def _follow(session: Session, past: Iterable[dict[str, Any]], *, filters: dict[str, str]) -> None:
    """Print events until Ctrl-C, each on one line, JSON too, so that a reader need not wait for the end."""
    lines = _Lines()
    events, after = list(past), 0
    try:
        while True:
            for event in session.marked(events):
                after = event["seq"]
                print(json.dumps(event) if session.output is Output.JSON else lines.of(event))
            sys.stdout.flush()
            page = session.client.control("GET", _request(filters, after=after, wait=_WAIT).path, seconds=_WAIT + 30.0)
            events, after = page["events"], page["next"]
    except KeyboardInterrupt:
        raise click.exceptions.Exit from None


class _Lines:
    """Events as lines. On a terminal: in colour, wrapped, the date once a day; else one whole line for each event."""

    def __init__(self) -> None:
        self._date = ""
        self._is_terminal = sys.stdout.isatty()
        self._has_colours = self._is_terminal and not os.environ.get("NO_COLOR")

    def of(self, event: dict[str, Any]) -> str:
        """Return the event as text."""
        news = one_line(
            words(event["type"], profile=event["profileName"], certificate=event["certificate"], detail=event["detail"])
        )
        who = f"{_fixed(person(event['user']), _USER)}  {_fixed(_device(event), _DEVICE)}"
        date, time = event["time"][:10], event["time"][11:19]
        if not self._is_terminal:
            return f"{date} {time}  {who}  {news}"
        heading = "" if date == self._date else f"{date}\n"
        self._date = date
        start = f"{time}  {who}  "
        room = max(shutil.get_terminal_size((80, 24)).columns - len(start), _LEAST)
        colour = _COLOURS.get(tone(event["type"])) if self._has_colours else None
        lines = [_painted(line, colour) for line in textwrap.wrap(news, room)]
        return heading + start + f"\n{' ' * len(start)}".join(lines)


def _device(event: dict[str, Any]) -> str:
    return event["deviceName"] or (event["device"] or "-")[:SHORT]


def _fixed(text: str, width: int) -> str:
    return set_cell_size(one_line(text), width)


def _painted(text: str, colour: str | None) -> str:
    return text if colour is None else f"\x1b[{colour}m{text}\x1b[0m"
