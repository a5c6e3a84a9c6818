"""What is emulated of Graph and Intune, as a page for people: made from the lists that the code itself goes by.

The same lists always give the same page, so that it can be kept beside the code and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fauxtune.core.engine.removal import VARIANTS
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.odata.closure import every_type
from fauxtune.core.odata.entities.index import ENTITIES, entity
from fauxtune.core.odata.fidelity import EXACT, Fidelity, Level
from fauxtune.core.odata.paths import Route
from fauxtune.core.odata.schema import StructuredType
from fauxtune.core.profiles.catalog import KINDS, Kind
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes import ROUTES

_HEAD = """# What is emulated

This page is generated (`make openapi` writes it): do not edit it. The same stands, with bodies and real answers as
examples, in `openapi/graph.json`: `x-fidelity`, `x-source` and `x-permissions`.

*exact*: as the document says. *approximated*: answered, with the difference that is named. *stored only*: kept and
shown, and nothing follows from it. *refused*: says so, with the reason."""
_ANSWERED = """## Microsoft Graph: what is answered

Below `https://<host>/v1.0` and `https://<host>/beta`; both show the same store. The caller needs any one of the
permissions, an application among its roles and a user among its scopes; the first is the least privileged. Keys can be
written `/key`, `('key')` and `(key)`."""
_REFUSED = """## Microsoft Graph: what says that it is not emulated

These exist in the real service. Here they answer 501 `NotImplemented`. Everything that is in neither list answers 400,
as the real service answers paths and verbs that it does not know."""
_TYPES = """## Types

What a property does is exact unless it stands here. Properties that the real service has and this list of types has
not are refused on the way in, and absent on the way out."""
_OPTIONS = (
    (
        "`$filter`",
        (
            "every collection, evaluated by the database: `eq ne gt ge lt le in and or not`, `contains startswith "
            "endswith`, `tolower toupper`, `isof`, `any`. Any declared property can be filtered; one that does not "
            "exist is a 400. With the tenant's switch `graph.faithfulQuery` what the real service ignores or refuses "
            "is ignored or refused here too"
        ),
    ),
    ("`$orderby`", "every collection; with `graph.faithfulQuery` ignored where the real service ignores it"),
    ("`$select`", "everywhere"),
    (
        "`$top`, `$skip`, `$skiptoken`, `Prefer: odata.maxpagesize`",
        "every collection; `$top` is the size of a page. The directory has no `$skip`, as in the real service",
    ),
    ("`$count`, `/$count`", "the directory wants the header `ConsistencyLevel: eventual`"),
    (
        "`$expand`",
        "profiles: `assignments` and references; groups and users: members, owners, memberships; 501 elsewhere",
    ),
    ("`$search`", "users, groups, members and managed devices; 501 elsewhere"),
    ("`Prefer: return=minimal`", "POST and PATCH answer 204 with the place of the thing"),
)
_KINDS = """## Profile kinds

The values of `@odata.type` that a deviceConfiguration can have. What is *stored* is kept, shown and assigned; on a
device it is not applicable."""
_ACTIONS = """## Devices, and what can be asked of them

A wipe, a retirement and a deletion take effect when the device checks in. What a kind of device does not support is
refused with 400 and the reason. Kinds that cannot enrol are known as targets of profiles only."""


def coverage_page(routes: Sequence[Route[Handler]] = ROUTES, kinds: Iterable[Kind] = KINDS) -> str:
    """The page, in Markdown."""
    answered = [route for route in routes if route.status != 501]
    refused = [route for route in routes if route.status == 501]
    parts = (
        _HEAD,
        _ANSWERED,
        _table(
            ("verb", "path", "versions", "what", "fidelity", "rests on", "permissions"),
            [_answered(route) for route in answered],
        ),
        _REFUSED,
        _table(("verb", "path", "versions", "what", "why"), [_refused(route) for route in refused]),
        _TYPES,
        _table(("type", "versions", "rests on", "not exact"), [_type(kind) for kind in _types(routes)]),
        "## Query options",
        _table(("option", "where"), _OPTIONS),
        _KINDS,
        _table(("@odata.type", "versions", "family", "applies to"), [_kind(each) for each in kinds]),
        _ACTIONS,
        _table(
            (
                "device",
                "operatingSystem",
                "can enrol",
                "wipe",
                "keepEnrollmentData",
                "retire",
                "syncDevice",
                "delete",
                "user may leave",
            ),
            [_device(variant) for variant in Variant],
        ),
    )
    return "\n\n".join(parts) + "\n"


def _answered(route: Route[Handler]) -> tuple[str, ...]:
    permissions = "<br>".join(route.permissions) or "any token"
    return *_what(route), _fidelity(route.fidelity), route.source, permissions


def _refused(route: Route[Handler]) -> tuple[str, ...]:
    return *_what(route), route.fidelity.why


def _what(route: Route[Handler]) -> tuple[str, ...]:
    return route.method, f"`/{route.template}`", "beta" if route.beta_only else "v1.0, beta", route.summary


def _fidelity(fidelity: Fidelity) -> str:
    word = "stored only" if fidelity.level is Level.STORED else fidelity.level.value
    return f"{word}: {fidelity.why}" if fidelity.why else word


def _types(routes: Iterable[Route[Handler]]) -> list[StructuredType]:
    return [kind for kind in every_type(routes, ENTITIES).values() if isinstance(kind, StructuredType)]


def _type(kind: StructuredType) -> tuple[str, ...]:
    inexact = [f"`{prop.name}` {_fidelity(prop.fidelity)}" for prop in kind.properties if prop.fidelity is not EXACT]
    whole = [] if kind.fidelity is EXACT else [f"the whole: {_fidelity(kind.fidelity)}"]
    versions = "beta" if kind.beta_only else "v1.0, beta"
    return f"`{kind.name}`", versions, kind.source, "<br>".join(whole + inexact)


def _kind(kind: Kind) -> tuple[str, ...]:
    variants = ", ".join(sorted(variant.value for variant in kind.variants))
    versions = "beta" if entity(kind.name).beta_only else "v1.0, beta"
    return f"`#microsoft.graph.{kind.name}`", versions, kind.family.name, variants


def _device(variant: Variant) -> tuple[str, ...]:
    facts = FACTS[variant]
    able = (
        variant in VARIANTS,
        facts.can_be_wiped,
        facts.can_keep_enrollment,
        facts.can_be_retired,
        True,
        True,
        facts.user_may_unenroll,
    )
    return variant.value, f"`{facts.operating_system}`", *("yes" if each else "no" for each in able)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
