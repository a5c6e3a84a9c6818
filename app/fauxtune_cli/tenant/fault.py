"""`fauxtune fault`: what goes wrong on purpose in a tenant, when, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from fauxtune.core.administration import emulation as tasks
from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune.core.faults.writing import effect_in_words, match_in_words, nearest_in_words, when_in_words
from fauxtune_cli import names
from fauxtune_cli.administration import Administration, Session
from fauxtune_cli.options import Group, iso_time, json_or_text, named_values, one_line
from fauxtune_cli.service import from_option, with_service
from fauxtune_cli.tables import Table

app = Group(
    help="""Let things go wrong on purpose: throttling, outages, lost connections.

All effects, with examples: docs/faults.md.

\b
fauxtune fault add --status 429 --retry-after 7 --path /users --nth 2
fauxtune fault add --realistic
fauxtune fault list
fauxtune fault clear"""
)

_MATCHES = "Which requests"
_WHENS = "Which of them"
_EFFECTS = "What happens"
_SETS = "Ready-made sets"


def _option(panel: str, *names: str, says: str, **more: Any) -> Any:
    return from_option(click.option(*names, help=f"{panel}: {says}", **more))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFault(Administration):
    """The options of a new fault."""

    status: int | None = _option(_EFFECTS, "--status", type=int, says="this HTTP status, with the real service's body")
    retry_after: int | None = _option(_EFFECTS, "--retry-after", type=int, says="Retry-After, in seconds")
    punish_early: bool = _option(
        _EFFECTS, "--punish-early", is_flag=True, says="a client that comes back too early fails again"
    )
    carried_out: bool = _option(
        _EFFECTS, "--carried-out", is_flag=True, says="the request is carried out, and fails after that"
    )
    latency: str | None = _option(_EFFECTS, "--latency", metavar="SECONDS", says="seconds, or JSON of a distribution")
    kind: str | None = _option(
        _EFFECTS, "--kind", says="connectionReset, halfBody, replicas, smallPages, connectorOffline ..."
    )
    with_: tuple[str, ...] = _option(
        _EFFECTS, "--with", "with_", multiple=True, metavar="NAME=VALUE", says="a member of the kind, such as reads=2"
    )
    surface: str | None = _option(_MATCHES, "--surface", says="of graph, identity, devices, pki ...")
    method: str | None = _option(_MATCHES, "--method", says="with GET, POST ...")
    path: str | None = _option(_MATCHES, "--path", says="at this path: no version; {id} is any part, /* all below")
    operation: str | None = _option(_MATCHES, "--operation", says="by an operation id of openapi/graph.json")
    device: str | None = _option(_MATCHES, "--device", says="of or about this device: id or name")
    user: str | None = _option(_MATCHES, "--user", says="of or about this user: id or principal name")
    application: str | None = _option(_MATCHES, "--application", says="of the application with this client id")
    connector: str | None = _option(_MATCHES, "--connector", says="of this connector: id or name")
    nth: int | None = _option(_WHENS, "--nth", type=int, says="the one with this number")
    next_: int | None = _option(_WHENS, "--next", "next_", type=int, metavar="N", says="the next so many")
    every: int | None = _option(_WHENS, "--every", type=int, says="every so many")
    probability: float | None = _option(_WHENS, "--probability", type=float, says="each with this probability, 0 to 1")
    seed: int | None = _option(_WHENS, "--seed", type=int, says="the seed of the probability")
    from_: str | None = _option(_WHENS, "--from", "from_", metavar="TIME", says="from this tenant's time on")
    to: str | None = _option(_WHENS, "--to", metavar="TIME", says="before this tenant's time")
    name: str | None = from_option(click.option("--name", help="a name for people"))
    realistic: bool = _option(
        _SETS, "--realistic", is_flag=True, says="limits, latency, lag and rare failures of the real service"
    )
    chaos: int | None = _option(_SETS, "--chaos", type=int, metavar="SEED", says="everything at random, by this seed")

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
            **named_values(self.with_, option="--with", example="reads=2"),
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
    fauxtune fault add --kind replicas --with "lags=[0, 3, 5]" --path "/groups/*"
    fauxtune fault add --status 429 --surface graph/batch --nth 2
    fauxtune fault add --status 429 --retry-after 5 --with retryAfterAs=date
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
@click.argument("fault", metavar="ID", help="the id, or its beginning")
@with_service(Administration)
def delete(*, fault: str, service: Administration) -> None:
    """Delete a fault.

    \b
    fauxtune fault delete 3fa85f64
    """
    with service.session() as session:
        chosen = _chosen(session, fault)
        session.send(tasks.delete_fault(chosen.id))
        session.show({"deleted": [chosen.id]}, f"The fault {session.short(chosen.id)} was deleted.")


@app.command()
@click.argument("fault", metavar="ID", help="the id, or its beginning")
@click.option("--on/--off", required=True, help="whether it strikes")
@with_service(Administration)
def switch(*, fault: str, on: bool, service: Administration) -> None:
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
