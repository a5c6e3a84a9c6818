"""The routes of every family, and the refusals of what its type has in the schema and nothing here emulates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from fauxtune.core.graph.index import MODEL, derived_from
from fauxtune.core.odata.paths.table import EVERY, NoSuchVerb, Route
from fauxtune.core.odata.schema.overlay import Overlay
from fauxtune.core.odata.schema.types import ComplexType, Entity, StructuredType, Version, refused
from fauxtune.operations.insight import audit_families as audit
from fauxtune.operations.insight import audit_rules
from fauxtune.operations.insight.audit import Rule
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import Answer, Call, Handler, audited_by
from fauxtune.surfaces.graph.families.family import KEYS, Action, AnyFamily, Family
from fauxtune.surfaces.graph.resources.document_members import Members
from fauxtune.surfaces.graph.resources.family_handlers import Assignments, Items
from fauxtune.surfaces.graph.resources.own_family import OwnFamily
from fauxtune.surfaces.graph.resources.served_family import Served
from fauxtune.surfaces.graph.routes.absent import absent

_UNROUTED = "400, as the real service answers it: the schema has the path, and no service routes it"


def routes_of(family: Family, above: tuple[Family, ...] = ()) -> tuple[Route[Handler], ...]:
    """Return the routes of a family and of all that is below it."""
    served, subject = Served(family, above), family.subject(above)
    routes = _OfResources(family, served.template, served.item, family.is_beta_only(above), served)
    change = audit.changes(subject)
    audited = {"create": audit.creates(subject), "update": change, "replace": change, "delete": audit.deletes(subject)}
    return (
        *routes.verbs((family.handlers or Items)(served), audited),
        *routes.assignments(),
        *routes.members(),
        *routes.properties(),
        *routes.actions(),
        *(route for part in family.below for route in routes_of(part, (*above, family))),
    )


def routes_of_own(family: OwnFamily) -> tuple[Route[Handler], ...]:
    """Return the routes of a family that is not stored with the resources."""
    routes = _Routes(family, family.path, f"{family.path}/{{{family.key}}}", family.is_beta_only())
    subject, audited = family.subject, {}
    if subject is not None:
        audited["create"] = audit_rules.creates(subject)
        audited["update"] = audit_rules.changes(subject)
        audited["delete"] = audit_rules.deletes(subject)
    return tuple(routes.verbs(family, audited))


def absent_of(families: Iterable[Family], others: Iterable[Route[Handler]]) -> tuple[Route[Handler], ...]:
    """Return the refusals of the navigations and operations of families that none of the other routes answers."""
    served = list(others)
    places: set[str] = set()
    for route in served:
        steps = _folded(route.template).split("/")
        places.update("/".join(steps[:length]) for length in range(1, len(steps) + 1))
    refusals: dict[str, Route[Handler]] = {}
    for route in (*(each for family in families for each in _absent(family, ())), *_absent_below(served)):
        place = _folded(route.template)
        if place not in places:
            refusals.setdefault(place, route)
    # A branch that is refused has everything below it.
    return tuple(route for place, route in refusals.items() if not any(above in refusals for above in _above(place)))


def _above(place: str) -> Iterator[str]:
    """The places above a place."""
    steps = place.split("/")
    return ("/".join(steps[:length]) for length in range(1, len(steps)))


def _absent_below(served: Iterable[Route[Handler]]) -> Iterator[Route[Handler]]:
    """The refusals of what is below the lists and elements that other routes serve of a resource."""
    for route in served:
        if route.method != "GET" or "{resource}" not in route.template or not isinstance(route.returns, Entity):
            continue
        names: dict[str, bool] = {}
        if route.many:
            names = {"$count": False, "{element}": False}
        elif route.template.endswith("}"):
            kinds = (route.returns, *derived_from(route.returns))
            names = {navigation.name: navigation.beta_only for kind in kinds for navigation in kind.every_navigation()}
        for name, is_beta in names.items():
            beta = route.beta_only or is_beta
            template = f"{route.template}/{name}"
            yield absent(EVERY, template, summary=f"More of: {route.summary}", why=reasons.NO_MORE, beta_only=beta)


def _absent(family: Family, above: tuple[Family, ...]) -> Iterator[Route[Handler]]:
    served, beta = Served(family, above), family.is_beta_only(above)
    kinds = (family.base, *family.kinds)
    refusals: dict[str, bool] = {}
    for name in family.unrouted.split():
        yield _unrouted(family, f"{served.item}/{name}", beta=beta)
    for kind in kinds:
        for navigation in kind.every_navigation():
            refusals.setdefault(f"{served.item}/{navigation.name}", navigation.beta_only)
        for name, is_beta in _operations(kind.name):
            refusals.setdefault(f"{served.item}/{name}", is_beta)
        for name, is_beta in _operations(f"[{kind.name}]"):
            refusals.setdefault(f"{served.template}/{name}", is_beta)
    refusals |= dict.fromkeys(_below_members(served), True)
    refusals |= dict.fromkeys(_below_actions(served), True)
    for template, is_beta in refusals.items():
        if template.rpartition("/")[2] in family.unrouted.split():
            continue
        summary = f"{template.rpartition('/')[2]} of {family.noun}"
        yield absent(EVERY, template, summary=summary, why=family.without, beta_only=beta or is_beta)
    for part in family.below:
        yield from _absent(part, (*above, family))


def _below_members(served: Served) -> Iterator[str]:
    """What the parts of the shown members have in the schema."""
    for name in served.family.shown_members.split():
        one = f"{served.item}/{name}/{{{KEYS[len(served.above) + 1]}}}"
        for navigation in served.target(name).every_navigation():
            yield f"{one}/{navigation.name}"
            if navigation.collection:
                yield f"{one}/{navigation.name}/{{element}}"
                yield f"{one}/{navigation.name}/$count"


def _below_actions(served: Served) -> Iterator[str]:
    """The elements and the number of what is listed by a handler of its own."""
    for action in served.family.actions:
        if action.method == "GET" and action.many and _is_navigation(served.family, action.name):
            template = f"{served.item}/{action.name}"
            yield f"{template}/{{element}}"
            yield f"{template}/$count"


def _is_navigation(family: Family, name: str) -> bool:
    """Whether a path below an item leads along navigations, and is no function."""
    return f"{family.entity}/{name}" not in MODEL.table.operations()


def _unrouted(family: Family, template: str, *, beta: bool) -> Route[Handler]:
    """What the real service answers 400 for."""
    return Route(
        EVERY,
        template,
        _no_route,
        f"{template.rpartition('/')[2]} of {family.noun}",
        status=400,
        beta_only=beta,
        permissions=family.read,
        former_permissions=family.former_read,
        source=f"Graph: {family.entity}: list",
        fidelity=refused(_UNROUTED),
    )


def _operations(bound: str) -> Iterator[tuple[str, bool]]:
    """The names of the operations that are bound to a type, or to its collection, and whether v1.0 lacks them."""
    for name in MODEL.table.operations_of(bound):
        marks = MODEL.table.operation(bound, name).marks
        if "gone" not in marks:
            yield name, "beta" in marks


def _folded(template: str) -> str:
    return "/".join("{}" if part.startswith("{") else part.lower() for part in template.split("/"))


@dataclass(frozen=True)
class _Routes:
    """The routes of a collection, wherever its items are stored. `item`: the path of one of them."""

    form: AnyFamily
    template: str
    item: str
    beta_only: bool

    def verbs(self, items: Any, audited: Mapping[str, Rule]) -> Iterator[Route[Handler]]:
        """The collection and its items, which the methods of `items` answer. `audited`: the audit's rules by verb."""
        for verb, route in self._verbs(items):
            handler = audited_by(audited[verb], route.handler) if verb in audited else route.handler
            yield replace(
                route,
                handler=handler,
                summary=self.form.summaries.get(verb, route.summary),
                source=self.form.source_of(verb),
                fidelity=self.form.fidelities.get(verb, route.fidelity),
            )

    def _verbs(self, items: Any) -> Iterator[tuple[str, Route[Handler]]]:
        form, base, verbs = self.form, self.form.base, self.form.verbs.split()
        every, one = self.template, self.item
        if "list" in verbs:
            yield "list", self._read(every, items.every, summary=f"List {form.plural}", returns=base, many=True)
            yield "count", self._read(f"{every}/$count", items.count, summary=f"Count {form.plural}")
        if "create" in verbs:
            yield (
                "create",
                self._write(
                    "POST",
                    every,
                    handler=items.create,
                    summary=f"Create {form.noun}",
                    body=base,
                    returns=base,
                    status=form.create_status,
                ),
            )
        if "get" in verbs:
            yield "get", self._read(one, items.get, summary=f"Get {form.noun}", returns=base)
        if "update" in verbs:
            yield (
                "update",
                self._write(
                    "PATCH",
                    one,
                    handler=items.update,
                    summary=f"Update {form.noun}",
                    body=base,
                    returns=base if form.update_status == HTTPStatus.OK else None,
                    status=form.update_status,
                ),
            )
        if "replace" in verbs:
            summary = f"Replace {form.noun}"
            yield "replace", self._write("PUT", one, handler=items.replace, summary=summary, body=base, status=204)
        if "delete" in verbs:
            yield "delete", self._write("DELETE", one, handler=items.delete, summary=f"Delete {form.noun}", status=204)

    def _read(
        self, template: str, handler: Handler, *, summary: str, returns: Entity | None = None, many: bool = False
    ) -> Route[Handler]:
        form = self.form
        return Route(
            "GET",
            template,
            handler,
            summary,
            returns=returns,
            many=many,
            beta_only=self.beta_only,
            permissions=form.read,
            former_permissions=form.former_read,
            source=form.source or f"Graph: {form.entity}: {'list' if many else 'get'}",
            fidelity=form.fidelity,
        )

    def _write(
        self,
        method: str,
        template: str,
        *,
        handler: Handler,
        summary: str,
        body: StructuredType | None = None,
        returns: Entity | None = None,
        status: int = 200,
    ) -> Route[Handler]:
        form = self.form
        verb = {"POST": "create", "PATCH": "update", "PUT": "replace", "DELETE": "delete"}[method]
        return Route(
            method,
            template,
            handler,
            summary,
            accepts=body,
            returns=returns,
            status=status,
            beta_only=self.beta_only,
            permissions=form.write,
            former_permissions=form.former_write,
            source=form.source or f"Graph: {form.entity}: {verb}",
            fidelity=form.fidelity,
        )


@dataclass(frozen=True)
class _OfResources(_Routes):
    """The routes of a family of resources."""

    served: Served

    @property
    def family(self) -> Family:
        """The family."""
        return self.served.family

    def assignments(self) -> Iterator[Route[Handler]]:
        """The assignments of an item, and the action that replaces them."""
        assigned, served, noun = self.family.assigned, self.served, self.family.noun
        if assigned is None:
            return
        shape, handlers = served.assignment, Assignments(served)
        rule = audit.assigns(self.family.subject(served.above), shape.name)
        if assigned.action:
            route = self._write(
                "POST",
                f"{served.item}/assign",
                handler=audited_by(rule, handlers.assign),
                summary=f"Replace the assignments of {noun}",
                body=_parameters(self.family, "assign", required=assigned.key if not assigned.old_key else ""),
                returns=shape if assigned.returns else None,
                status=200 if assigned.returns else assigned.done,
            )
            yield replace(route, many=assigned.returns)
        every = f"{served.item}/assignments"
        one, verbs = f"{every}/{{assignment}}", assigned.verbs.split()
        yield self._read(
            every, handlers.listed.every, summary=f"List the assignments of {noun}", returns=shape, many=True
        )
        yield self._read(f"{every}/$count", handlers.listed.count, summary="Count them")
        yield self._read(one, handlers.listed.get, summary="Get one of them", returns=shape)
        if "create" in verbs:
            create = audited_by(rule, handlers.create)
            yield self._write(
                "POST", every, handler=create, summary=f"Assign {noun}", body=shape, returns=shape, status=201
            )
        if "update" in verbs:
            update = audited_by(rule, handlers.update)
            yield self._write(
                "PATCH", one, handler=update, summary=f"Change an assignment of {noun}", body=shape, returns=shape
            )
        if "delete" in verbs:
            delete = audited_by(rule, handlers.delete)
            yield self._write("DELETE", one, handler=delete, summary=f"Remove an assignment of {noun}", status=204)

    def members(self) -> Iterator[Route[Handler]]:
        """The members of an item's document that have an address of their own."""
        served, noun, handlers = self.served, self.family.noun, Members(self.served)
        for name in self.family.shown_members.split():
            shape = served.target(name)
            every = f"{served.item}/{name}"
            one = f"{every}/{{{KEYS[len(served.above) + 1]}}}"
            yield self._read(
                every, handlers.every(name), summary=f"List the {name} of {noun}", returns=shape, many=True
            )
            yield self._read(f"{every}/$count", handlers.count(name), summary="Count them")
            yield self._read(one, handlers.get(name), summary="Get one of them", returns=shape)
            for part in served.parts_of_named(name).values():
                navigation = shape.navigation(part.name)
                assert navigation is not None
                yield self._read(
                    f"{one}/{part.name}",
                    handlers.inner(name, part=part),
                    summary=f"Get the {part.name} of one of them",
                    returns=part.entity,
                    many=navigation.collection,
                )

    def properties(self) -> Iterator[Route[Handler]]:
        """The properties of an item that have an address of their own."""
        for name in self.family.shown_properties.split():
            shape = self.family.base.properties_in(Version.BETA)[name].type
            assert isinstance(shape, ComplexType)
            route = self._read(
                f"{self.served.item}/{name}",
                Items(self.served).property_of(name),
                summary=f"Get the {name} of {self.family.noun}",
            )
            yield replace(route, returns=shape, optional=True)

    def actions(self) -> Iterator[Route[Handler]]:
        """The operations with handlers of their own."""
        family, served = self.family, self.served
        for action in family.actions:
            template = f"{served.template if action.on_all else served.item}/{action.name}".rstrip("/")
            handler = action.handler
            if action.creates:
                handler = audited_by(audit.creates(family.subject(served.above)), handler)
            elif action.deletes:
                handler = audited_by(audit.deletes(family.subject(served.above)), handler)
            elif action.audited and not action.on_all and not action.reads:
                handler = audited_by(audit.acts(family.subject(served.above), action.name), handler)
            yield Route(
                action.method,
                template,
                handler,
                action.summary,
                accepts=_parameters(family, action.name, required=action.required, on_all=action.on_all)
                if action.name
                else family.base,
                returns=_type(action.returns),
                many=action.many,
                status=action.status,
                beta_only=family.is_beta_only(served.above) or _is_beta(family, action),
                permissions=family.read if action.reads else family.write,
                former_permissions=family.former_read if action.reads else family.former_write,
                source=f"Graph: {family.entity}: {action.name or 'create'}",
                fidelity=action.fidelity,
                dated=action.dated,
                may_be_absent=action.may_be_absent,
            )


def _parameters(family: Family, name: str, *, required: str = "", on_all: bool = False) -> StructuredType | None:
    """The body of an operation; None for a function, and for an operation that is not in the schema."""
    for kind in (family.base, *family.kinds):
        bound = f"[{kind.name}]" if on_all else kind.name
        if f"{bound}/{name}" in MODEL.table.operations():
            operation = MODEL.table.operation(bound, name)
            # A body with entities in it is checked by its handler.
            entities = any(MODEL.is_entity(parameter.type) for parameter in operation.parameters)
            if operation.kind == "function" or entities:
                return None
            return MODEL.parameters(bound, name, overlay=Overlay(required=required))
    return None


def _is_beta(family: Family, action: Action) -> bool:
    bound = f"[{family.entity}]" if action.on_all else family.entity
    known = f"{bound}/{action.name}" in MODEL.table.operations()
    return known and "beta" in MODEL.table.operation(bound, action.name).marks


def _type(name: str) -> Entity | ComplexType | None:
    if not name:
        return None
    kind = MODEL.structured(name)
    assert isinstance(kind, Entity | ComplexType)
    return kind


async def _no_route(call: Call) -> Answer:
    raise NoSuchVerb(call.method, template="~/singleton/navigation/key/navigation", path=call.path)
