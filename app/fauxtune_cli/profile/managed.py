"""What `fauxtune compliance`, `app` and `script` have in common: list, show, assign, unassign and delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from fauxtune.core.administration import policies
from fauxtune.core.administration.assignments import Collection
from fauxtune.core.administration.requests import delete_object
from fauxtune.core.administration.snippets import quoted
from fauxtune_cli import names
from fauxtune_cli.administration import Administration, Session, confirm, what_if_option, yes_option
from fauxtune_cli.names import Named
from fauxtune_cli.options import Group, Output, fail, name_and_value, one_line
from fauxtune_cli.profile.targets import Assigning, assigned_words, words_of
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, moment

name_argument = click.argument("name", help="its name, its id, or the beginning of its id")
new_name = click.option("--name", required=True, help="its name")
set_option = click.option(
    "--set", "settings", multiple=True, metavar="PROPERTY=VALUE", help="a property of Graph's type; repeatable"
)
_NEXT = "Devices get it at their next check-in. See: fauxtune {noun} show {name}"
_WHY = "Why a device lacks something: fauxtune diagnose --device NAME"


def _help(says: str, example: str) -> str:
    return f"{says}\n\n\b\n{example}"


def managed_group(noun: str, *, says: str, examples: str, example: str) -> click.Group:
    """Return the commands that all three have: list, show, assign, unassign, delete. `example`: the name of one."""
    app = Group(help=_help(says, examples))
    _add_readers(app, noun, example=example)
    _add_assign(app, noun, example=example)
    _add_removers(app, noun, example=example)
    return app


def _add_readers(app: click.Group, noun: str, *, example: str) -> None:
    @app.command("list", help=_help("List them, with those to whom they are assigned.", f"fauxtune {noun} list"))
    @with_service(Administration)
    def list_(*, service: Administration) -> None:
        with service.session() as session:
            pairs = _all(session, noun)
            groups = {group.id: group.name for group in names.groups(session.client)}
            rows: list[tuple[str, ...]] = [
                (
                    candidate.name,
                    candidate.about,
                    ", ".join(assigned_words(candidate.document["assignments"], groups)) or "nobody",
                    *([candidate.id] if session.ids else []),
                )
                for _, candidate in sorted(pairs, key=lambda pair: pair[1].name.casefold())
            ]
            headings = ("name", "kind", "assigned to", *(["id"] if session.ids else []))
            table = Table(
                headings, rows, empty=f"The tenant has nothing of this kind. Create one: fauxtune {noun} create --help"
            )
            session.show([candidate.document for _, candidate in pairs], table)

    @app.command(help=_help("Show its assignments, and its state on each device.", f"fauxtune {noun} show {example}"))
    @name_argument
    @with_service(Administration)
    def show(*, name: str, service: Administration) -> None:
        with service.session() as session:
            of, chosen = _chosen(session, noun, wanted=name)
            request = policies.states(of, chosen.id)
            answer = session.send(request) if request.method == "POST" else session.elements(request)
            rows = policies.state_rows(of, answer)
            if session.output is Output.JSON:
                names_of = ("device", "user", "state", "detail")
                states = [dict(zip(names_of, row, strict=True)) for row in rows]
                session.show({**chosen.document, "deviceStates": states}, "")
                return
            groups = {group.id: group.name for group in names.groups(session.client)}
            assigned = ", ".join(assigned_words(chosen.document["assignments"], groups)) or "nobody"
            print(f"{one_line(chosen.name)} ({chosen.about}), assigned to {assigned}\n")
            lines = [(row[0], row[1], row[2], moment(row[3]) if row[3][10:11] == "T" else row[3]) for row in rows]
            empty = "No device has reported it."
            session.show(rows, Table(("device", "user", "state", "detail"), [*lines], wraps=True, empty=empty))
            print(f"\n{_WHY}")


def _add_assign(app: click.Group, noun: str, *, example: str) -> None:
    @app.command(
        help=_help(
            "Assign it to groups, all users or all devices. Its other assignments stay.",
            f"fauxtune {noun} assign {example} --group Sales",
        )
    )
    @name_argument
    @click.option(
        "--intent", default="required", help="of an app: required, available, uninstall or availableWithoutEnrollment"
    )
    @what_if_option
    @with_service(Assigning)
    def assign(*, name: str, service: Assigning, intent: str, what_if: bool) -> None:
        with service.session() as session:
            targets = service.targets(session)
            if not targets:
                fail("Say to whom: --group NAME, --all-users, --all-devices or --exclude-group NAME.")
            if intent not in policies.INTENTS:
                fail(f"There is no intent '{intent}': write {', '.join(policies.INTENTS)}.")
            of, chosen = _chosen(session, noun, wanted=name)
            request = policies.assign(
                of,
                chosen.id,
                present=chosen.document["assignments"],
                targets=[target.target for target in targets],
                intent=intent if noun == "app" else None,
            )
            if what_if:
                session.what_if([request])
                return
            session.send(request)
            then = _NEXT.format(noun=noun, name=quoted(chosen.name))
            document = {"id": chosen.id, "displayName": chosen.name, "assignedTo": [target.words for target in targets]}
            session.show(document, f"Assigned {one_line(chosen.name)} to {words_of(targets)}.\n{then}")


def _add_removers(app: click.Group, noun: str, *, example: str) -> None:
    @app.command(help=_help("Take all of its assignments away.", f"fauxtune {noun} unassign {example}"))
    @name_argument
    @yes_option
    @with_service(Administration)
    def unassign(*, name: str, service: Administration, yes: bool) -> None:
        with service.session() as session:
            of, chosen = _chosen(session, noun, wanted=name)
            confirm(f"Take every assignment away from {one_line(chosen.name)}?", yes=yes)
            session.send(policies.unassign(of, chosen.id))
            session.show({"id": chosen.id}, f"{one_line(chosen.name)} is assigned to nobody.")

    @app.command(help=_help("Delete it, with its assignments.", f"fauxtune {noun} delete {example} --yes"))
    @name_argument
    @yes_option
    @with_service(Administration)
    def delete(*, name: str, service: Administration, yes: bool) -> None:
        with service.session() as session:
            of, chosen = _chosen(session, noun, wanted=name)
            confirm(f"Delete {one_line(chosen.name)}?", yes=yes)
            session.send(delete_object(of.path, chosen.id))
            session.show({"deleted": chosen.id}, f"Deleted {one_line(chosen.name)}.")


def properties_of(settings: Sequence[str], *, example: str) -> dict[str, Any]:
    """Return what `--set` gives, with the types of Graph's properties. `example`: for the refusal of another form."""
    pairs = [name_and_value(setting, option="--set", example=example) for setting in settings]
    return {name: policies.typed_value(name, text) for name, text in pairs}


def show_created(session: Session, document: dict[str, Any], *, noun: str) -> None:
    """Show what was created, and how it is assigned."""
    name = document["displayName"]
    then = f"fauxtune {noun} assign {quoted(name)} --all-users"
    session.show(document, f"Created {one_line(name)}. Nobody has it yet: {then}")


def _all(session: Session, noun: str) -> list[tuple[Collection, Named]]:
    """Return those of the noun's collections, each with its collection."""
    pairs = []
    for of in policies.COLLECTIONS[noun]:
        for element in session.elements(policies.listed(of)):
            kind = policies.kind_words(of, element)
            pairs.append((of, Named(element["id"], element["displayName"], about=kind, document=element)))
    return pairs


def _chosen(session: Session, noun: str, *, wanted: str) -> tuple[Collection, Named]:
    pairs = _all(session, noun)
    noun_in_words = {"compliance": "compliance policy"}.get(noun, noun)
    chosen = names.choose(wanted, [candidate for _, candidate in pairs], kind=noun_in_words)
    return next(of for of, candidate in pairs if candidate.id == chosen.id), chosen
