"""What is emulated of Graph and Intune, as a page for people: made from the lists that the code itself goes by.

The same lists always give the same page, so that it can be kept beside the code and compared.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from fauxtune.core.engine.device_actions.support import supports
from fauxtune.core.graph.index import ENTITIES, entity
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.platforms import ENROLLABLE, FACTS, Variant
from fauxtune.core.model.tenants import Edition
from fauxtune.core.odata.describe.csdl import every_type, names_in_v1
from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.core.odata.schema.types import EXACT, Entity, Fidelity, Level, StructuredType
from fauxtune.core.profiles.catalog import KINDS, Kind
from fauxtune.core.reports.catalog import REFUSED, REPORTS
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes import AREAS
from fauxtune_docs.pages import coverage_words
from fauxtune_docs.pages.coverage_words import DemandedCall, Probes, call_rows, figures, probe_words, probes_of_routes
from fauxtune_probe.core.report import NOT_RUN, Recorded

DEVICE_CONFIGURATION = entity("deviceConfiguration")

Routes = Sequence[Route[Handler]]
Row = tuple[str, ...]

_NOT_IMPLEMENTED = 501
_BELOW_USERS = ("users/{user}/managedDevices", "me/managedDevices")
_LEVELS = {Level.STORED: "stored only"}
_ROUTE_HEAD = ("verb", "path", "versions", "what", "fidelity", "rests on", "needs", "probed by")
_TYPE_HEAD = ("type", "versions", "rests on", "properties", "fidelity")
_DEVICE_HEAD = (
    "device",
    "operatingSystem",
    "can enrol",
    "wipe",
    "keepEnrollmentData",
    "retire",
    "syncDevice",
    "delete",
    "user may leave",
)


def coverage_page(
    areas: Mapping[str, Routes] = AREAS,
    kinds: Iterable[Kind] = KINDS,
    *,
    run: Recorded = NOT_RUN,
    demand: Sequence[DemandedCall] = (),
) -> str:
    """The page, in Markdown. `run`: the last recorded run of the probe against a real tenant; `demand`: the calls of
    public programs.
    """
    probes = probes_of_routes(run)
    routes = [route for area in areas.values() for route in area]
    answered = [route for route in routes if route.status != _NOT_IMPLEMENTED and route.method != EVERY]
    absent = [route for route in routes if route.status == _NOT_IMPLEMENTED and route.method != EVERY]
    branches = [route for route in routes if route.method == EVERY]
    parts = (
        coverage_words.HEAD,
        _table(("", *_level_names()), [_totals("paths and verbs", [route.fidelity for route in answered])]),
        *_demand(demand),
        coverage_words.BY_AREA,
        _table(("area", *_level_names()), _area_totals(areas)),
        coverage_words.ANSWERED,
        probe_words(run),
        *_areas(areas, probes=probes),
        coverage_words.REFUSED,
        _table(("verbs", "path", "versions", "why"), _refused(absent)),
        coverage_words.BRANCHES,
        _table(("below", "branches", "versions", "why"), _branches(branches)),
        coverage_words.REPORTS,
        _table(("reports", "why"), _reports()),
        coverage_words.TYPES,
        *_types(areas),
        "## Query options",
        _table(("option", "where"), coverage_words.OPTIONS),
        coverage_words.KINDS,
        _table(("@odata.type", "versions", "family", "applies to", "fidelity"), [_kind(kind) for kind in kinds]),
        coverage_words.ACTIONS,
        _table(_DEVICE_HEAD, [_device(variant) for variant in Variant]),
        *((coverage_words.CALLS, _table(("programs", "call", "answer"), call_rows(demand))) if demand else ()),
    )
    return "\n\n".join(parts) + "\n"


def _level_names() -> Row:
    return tuple(_LEVELS.get(level, level.value) for level in Level)


def _totals(what: str, fidelities: Sequence[Fidelity]) -> Row:
    return what, *(str(sum(fidelity.level is level for fidelity in fidelities)) for level in Level)


def _demand(calls: Sequence[DemandedCall]) -> Iterator[str]:
    if calls:
        yield coverage_words.DEMAND
        yield _table(("calls", "served", "of what programs use"), figures(calls))


def _area_totals(areas: Mapping[str, Routes]) -> list[Row]:
    """A row for each area that is answered."""
    return [
        _totals(title, [route.fidelity for route in routes if route.status != _NOT_IMPLEMENTED])
        for title, routes in areas.items()
        if any(route.status != _NOT_IMPLEMENTED and route.method != EVERY for route in routes)
    ]


def _areas(areas: Mapping[str, Routes], *, probes: Probes) -> Iterator[str]:
    """A table for each area; what is reached through a user has one of its own, for it is much of the same."""
    below = []
    for title, routes in areas.items():
        answered = [route for route in routes if route.status != _NOT_IMPLEMENTED and route.method != EVERY]
        below += [route for route in answered if route.template.startswith(_BELOW_USERS)]
        own = [route for route in answered if not route.template.startswith(_BELOW_USERS)]
        yield from _area(title, own, probes=probes)
    yield from _area("Managed devices of a user", below, probes=probes, text=coverage_words.BELOW_USERS)


def _area(title: str, routes: Routes, *, probes: Probes, text: str | None = None) -> Iterator[str]:
    if not routes:
        return
    yield f"### {title}"
    if text is not None:
        yield text
    yield _table(_ROUTE_HEAD, [_answered(route, probes=probes) for route in routes])


def _answered(route: Route[Handler], *, probes: Probes) -> Row:
    least = route.permissions[0] if route.permissions else "any token"
    path = f"`/{route.template}`"
    return (
        route.method,
        path,
        _versions(beta_only=route.beta_only),
        route.summary,
        _fidelity(route.fidelity),
        route.source,
        least,
        probes.get((route.method, route.template), "-"),
    )


def _refused(routes: Routes) -> list[Row]:
    """A row for each path: its verbs are refused for one reason."""
    verbs: dict[tuple[str, bool, str], list[str]] = {}
    for route in routes:
        verbs.setdefault((route.template, route.beta_only, route.fidelity.why), []).append(route.method)
    return [
        (", ".join(entries), f"`/{template}`", _versions(beta_only=beta_only), why)
        for (template, beta_only, why), entries in verbs.items()
    ]


def _branches(routes: Routes) -> list[Row]:
    """A row for the branches at one place that are refused for one reason."""
    names: dict[tuple[str, bool, str], list[str]] = {}
    for route in routes:
        place, _, name = route.template.rpartition("/")
        names.setdefault((place, route.beta_only, route.fidelity.why), []).append(f"`{name}`")
    return [
        (f"`/{place}`", ", ".join(entries), _versions(beta_only=beta_only), why)
        for (place, beta_only, why), entries in names.items()
    ]


def _reports() -> list[Row]:
    """A row for the reports that are made, and one for each reason why others are not."""
    rows = {"made": " ".join(report.name for report in REPORTS), **REFUSED}
    return [(", ".join(f"`{name}`" for name in names.split()), why) for why, names in rows.items()]


def _types(areas: Mapping[str, Routes]) -> Iterator[str]:
    """A table for each area: the types that it is the first to speak of."""
    v1 = names_in_v1([route for area in areas.values() for route in area], ENTITIES)
    result: set[str] = set()
    for title, routes in areas.items():
        structured = _structured(every_type(routes, _kinds_below(routes)).values(), seen=result)
        yield from _of_area(title, structured, v1=v1)
    yield from _of_area("Others", _structured(every_type((), ENTITIES).values(), seen=result), v1=v1)


def _kinds_below(routes: Routes) -> list[Entity]:
    """Nothing speaks of the kinds of profiles by name: they are what a profile can be."""
    returned = any(route.returns is DEVICE_CONFIGURATION for route in routes)
    return [each for each in ENTITIES if returned and each.is_a(DEVICE_CONFIGURATION)]


def _structured(types: Iterable[object], *, seen: set[str]) -> list[StructuredType]:
    new = [kind for kind in types if isinstance(kind, StructuredType) and kind.name not in seen]
    seen.update(kind.name for kind in new)
    return new


def _of_area(title: str, kinds: Sequence[StructuredType], *, v1: Container[str]) -> Iterator[str]:
    if kinds:
        yield f"### {title}: types"
        yield _table(_TYPE_HEAD, [row for kind in kinds for row in _type(kind, v1=v1)])


def _type(kind: StructuredType, *, v1: Container[str]) -> Iterator[Row]:
    """A row for the whole, and one for the properties that share a fidelity which is not exact."""
    shared: dict[Fidelity, list[str]] = {}
    for prop in kind.properties:
        if prop.fidelity != EXACT:
            shared.setdefault(prop.fidelity, []).append(f"`{prop.name}`")
    whole = "exact, but for:" if shared and kind.fidelity == EXACT else _fidelity(kind.fidelity)
    yield f"`{kind.name}`", _versions(beta_only=kind.name not in v1), kind.source, "", whole
    for fidelity, names in shared.items():
        yield "", "", "", ", ".join(names), _fidelity(fidelity)


def _kind(kind: Kind) -> Row:
    shape = entity(kind.name)
    variants = ", ".join(sorted(variant.value for variant in kind.variants))
    name = f"`#microsoft.graph.{kind.name}`"
    return name, _versions(beta_only=shape.beta_only), kind.family.name, variants, _fidelity(shape.fidelity)


def _device(variant: Variant) -> Row:
    facts = FACTS[variant]
    able = (
        "yes" if variant in ENROLLABLE else "no",
        _where(DeviceAction.WIPE, variant),
        "yes" if facts.can_keep_enrollment else "no",
        _where(DeviceAction.RETIRE, variant),
        "yes",
        "yes",
        "yes" if facts.user_may_unenroll else "no",
    )
    return variant.value, f"`{facts.operating_system}`", *able


def _where(action: DeviceAction, variant: Variant) -> str:
    """yes, no, or the editions in which it is supported."""
    result = [edition for edition in Edition if supports(action, variant, edition=edition)]
    return "no" if not result else "yes" if len(result) == len(Edition) else f"in {', '.join(result)} only"


def _fidelity(fidelity: Fidelity) -> str:
    word = _LEVELS.get(fidelity.level, fidelity.level.value)
    return f"{word}: {fidelity.why}" if fidelity.why else word


def _versions(*, beta_only: bool) -> str:
    return "beta" if beta_only else "v1.0, beta"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
