"""`fauxtune fault`: what goes wrong on purpose in a tenant, when, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from fauxtune.core.administration import emulation as tasks
from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune.core.faults.writing import effect_in_words, match_in_words, nearest_in_words, when_in_words
from fauxtune_cli import names
from fauxtune_cli.administration import Administration, Session
from fauxtune_cli.options import json_or_text, named_values, one_line
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table
from fauxtune_cli.times import iso_time

app = typer.Typer(
    help="""Let things go wrong on purpose: throttling, outages, lost connections.

All effects, with examples: docs/faults.md.

\b
fauxtune fault add --status 429 --retry-after 7 --path /users --nth 2
fauxtune fault add --realistic
fauxtune fault list
fauxtune fault clear""",
    no_args_is_help=True,
)

_MATCHES = "Which requests"
_WHENS = "Which of them"
_EFFECTS = "What happens"
_SETS = "Ready-made sets"


def _option(panel: str, help_: str, *, metavar: str | None = None, flag: str | None = None) -> Any:
    return typer.Option(*([flag] if flag else []), help=f"{panel}: {help_}", metavar=metavar)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFault(Administration):
    """The options of a new fault."""

    status: Annotated[int | None, _option(_EFFECTS, "this HTTP status, with the real service's body")] = None
    retry_after: Annotated[int | None, _option(_EFFECTS, "Retry-After, in seconds")] = None
    punish_early: Annotated[
        bool, _option(_EFFECTS, "a client that comes back too early fails again", flag="--punish-early")
    ] = False
    carried_out: Annotated[
        bool, _option(_EFFECTS, "the request is carried out, and fails after that", flag="--carried-out")
    ] = False
    latency: Annotated[str | None, _option(_EFFECTS, "seconds, or JSON of a distribution", metavar="SECONDS")] = None
    kind: Annotated[str | None, _option(_EFFECTS, "connectionReset, halfBody, staleReads, connectorOffline ...")] = None
    with_: Annotated[
        list[str] | None,
        _option(_EFFECTS, "a member of the kind, such as reads=2", metavar="NAME=VALUE", flag="--with"),
    ] = None
    surface: Annotated[str | None, _option(_MATCHES, "of graph, identity, devices, pki ...")] = None
    method: Annotated[str | None, _option(_MATCHES, "with GET, POST ...")] = None
    path: Annotated[str | None, _option(_MATCHES, "at this path: no version; {id} is any part, /* all below")] = None
    operation: Annotated[str | None, _option(_MATCHES, "by an operation id of openapi/graph.json")] = None
    device: Annotated[str | None, _option(_MATCHES, "of or about this device: id or name")] = None
    user: Annotated[str | None, _option(_MATCHES, "of or about this user: id or principal name")] = None
    application: Annotated[str | None, _option(_MATCHES, "of the application with this client id")] = None
    connector: Annotated[str | None, _option(_MATCHES, "of this connector: id or name")] = None
    nth: Annotated[int | None, _option(_WHENS, "the one with this number")] = None
    next_: Annotated[int | None, _option(_WHENS, "the next so many", metavar="N", flag="--next")] = None
    every: Annotated[int | None, _option(_WHENS, "every so many")] = None
    probability: Annotated[float | None, _option(_WHENS, "each with this probability, 0 to 1")] = None
    seed: Annotated[int | None, _option(_WHENS, "the seed of the probability")] = None
    from_: Annotated[str | None, _option(_WHENS, "from this tenant's time on", metavar="TIME", flag="--from")] = None
    to: Annotated[str | None, _option(_WHENS, "before this tenant's time", metavar="TIME")] = None
    name: Annotated[str | None, typer.Option(help="a name for people")] = None
    realistic: Annotated[
        bool, _option(_SETS, "limits, latency, lag and rare failures of the real service", flag="--realistic")
    ] = False
    chaos: Annotated[int | None, _option(_SETS, "everything at random, by this seed", metavar="SEED")] = None

    def request(self) -> AdminRequest:
        """Return the request that adds it."""
        if self.realistic or self.chaos is not None:
            return (
                tasks.add_fault_set("realistic")
                if self.realistic
                else tasks.add_fault_set("chaos", seed=self.chaos or 0)
            )
        effect: dict[str, Any] = {
            "kind": self.kind,
            "status": self.status,
            "retryAfter": self.retry_after,
            "punishEarly": self.punish_early or None,
            "carriedOut": self.carried_out or None,
            "latency": None if self.latency is None else json_or_text(self.latency),
            **named_values(self.with_ or [], option="--with", example="reads=2"),
        }
        members = ("surface", "method", "path", "operation", "device", "user", "application", "connector")
        match = {name: getattr(self, name) for name in members}
        window = _given({"from": self.from_ and iso_time(self.from_), "to": self.to and iso_time(self.to)})
        when: dict[str, Any] = {
            "nth": self.nth,
            "next": self.next_,
            "every": self.every,
            "probability": self.probability,
            "seed": self.seed,
            "window": window or None,
        }
        return tasks.add_fault(_given(effect), match=_given(match), when=_given(when), name=self.name)


@app.command()
@with_service(NewFault)
def add(*, service: NewFault) -> None:
    """Add a fault, or a ready-made set of faults.

    \b
    fauxtune fault add --status 429 --retry-after 7 --punish-early --nth 2
    fauxtune fault add --kind connectionReset --method POST --every 5
    fauxtune fault add --latency 1.5 --surface graph
    fauxtune fault add --kind staleReads --with reads=2 --path "/users/*"
    fauxtune fault add --kind tokenError --with error=secretExpired --next 1
    fauxtune fault add --kind connectorOffline --from 2027-01-31 --to 2027-02-01
    fauxtune fault add --chaos 7
    """
    request = service.request()
    with service.session() as session:
        _print_added(session, session.send(request))


@app.command("list")
@with_service(Administration)
def list_(*, service: Administration) -> None:
    """List the faults, and how often each has struck.

    A fault that has looked at nothing has the nearest request beside it.

    \b
    fauxtune fault list
    fauxtune fault list --output json
    """
    with service.session() as session:
        rows = session.elements(AdminRequest("GET", tasks.FAULTS, service=Service.CONTROL))
        table = Table(
            ("id", "what", "which", "effect", "hits"),
            [
                (
                    session.short(row["id"]),
                    "; ".join(filter(None, (one_line(match_in_words(row["match"])), nearest_in_words(row["nearest"])))),
                    one_line(when_in_words(row["when"])),
                    one_line(effect_in_words(row["effect"])) + ("" if row["enabled"] else " (off)"),
                    f"{row['hits']} of {row['matched']}",
                )
                for row in rows
            ],
            shrinks="what",
            wraps=True,
            empty="Nothing goes wrong on purpose. Add a fault: fauxtune fault add --help",
        )
        session.show(rows, table)


@app.command()
@with_service(Administration)
def delete(
    *, fault: Annotated[str, typer.Argument(metavar="ID", help="the id, or its beginning")], service: Administration
) -> None:
    """Delete a fault.

    \b
    fauxtune fault delete 3fa85f64
    """
    with service.session() as session:
        chosen = _chosen(session, fault)
        session.send(tasks.delete_fault(chosen.id))
        session.show({"deleted": [chosen.id]}, f"The fault {session.short(chosen.id)} was deleted.")


@app.command()
@with_service(Administration)
def switch(
    *,
    fault: Annotated[str, typer.Argument(metavar="ID", help="the id, or its beginning")],
    on: Annotated[bool, typer.Option("--on/--off", help="whether it strikes")],
    service: Administration,
) -> None:
    """Switch a fault off, or on again; its counters stay.

    \b
    fauxtune fault switch 3fa85f64 --off
    fauxtune fault switch 3fa85f64 --on
    """
    with service.session() as session:
        chosen = _chosen(session, fault)
        answer = session.send(tasks.switch_fault(chosen.id, on=on))
        session.show(answer, f"The fault {session.short(chosen.id)} is {'on' if on else 'off'}.")


@app.command()
@with_service(Administration)
def clear(*, service: Administration) -> None:
    """Delete every fault of the tenant.

    \b
    fauxtune fault clear
    """
    with service.session() as session:
        session.send(tasks.delete_faults())
        session.show({"deleted": "all"}, "Nothing goes wrong on purpose any more.")


def _print_added(session: Session, answer: dict[str, Any]) -> None:
    if "value" in answer:
        rows = answer["value"]
        session.show(rows, f"{len(rows)} faults were added. See them: fauxtune fault list")
        return
    words = f"{match_in_words(answer['match'])}: {effect_in_words(answer['effect'])}, {when_in_words(answer['when'])}"
    lines = [f"The fault {session.short(answer['id'])} was added. {words}."]
    session.show(answer, "\n".join([*lines, *(f"But {warning}." for warning in answer["warnings"])]))


def _chosen(session: Session, wanted: str) -> names.Named:
    rows = session.client.control_list(tasks.FAULTS)
    candidates = [
        names.Named(row["id"], row["name"] or row["id"], about=effect_in_words(row["effect"]), document=row)
        for row in rows
    ]
    return names.choose(wanted, candidates, kind="fault")


def _given(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}
