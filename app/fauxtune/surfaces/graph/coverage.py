"""What is emulated of Graph and Intune, as a page for people: made from the lists that the code itself goes by.

The same lists always give the same page, so that it can be kept beside the code and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fauxtune.core.engine.removal import VARIANTS
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.odata.entities.index import entity
from fauxtune.core.odata.paths import Route
from fauxtune.core.profiles.catalog import KINDS, Kind
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes import ROUTES

_HEAD = """# What is emulated

This page is generated (`make openapi` writes it): do not edit it. The same paths stand, with the
bodies that they take and give, in `openapi/graph.json`."""
_ANSWERED = """## Microsoft Graph: what is answered

Below `https://<host>/v1.0` and `https://<host>/beta`; both show the same store. An application needs one of the
permissions; a signed-in user needs none. Keys can be written `/key`, `('key')` and `(key)`."""
_REFUSED = """## Microsoft Graph: what says that it is not emulated

These exist in the real service. Here they answer 501 `NotImplemented`. Everything that is in neither list answers 400,
as the real service answers paths and verbs that it does not know."""
_OPTIONS = (
    (
        "`$filter`",
        (
            "every collection but `members`: `eq ne gt ge lt le in and or not`, `contains startswith endswith`, "
            "`tolower toupper`, `isof`, `any`. A property that does not exist is refused, where the real service often "
            "passes it over"
        ),
    ),
    ("`$orderby`", "every collection but `members`"),
    ("`$select`", "everywhere"),
    (
        "`$top`, `$skip`, `$skiptoken`, `Prefer: odata.maxpagesize`",
        "every collection; `$top` is the size of a page. Users and groups have no `$skip`, as in the real service",
    ),
    ("`$count`, `/$count`", "users and groups want the header `ConsistencyLevel: eventual`"),
    ("`$expand`", "`assignments` of profiles; 501 for others"),
    ("`$search`", "501"),
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
        _table(("verb", "path", "versions", "what", "permissions"), [_answered(route) for route in answered]),
        _REFUSED,
        _table(("verb", "path", "versions", "what"), [_answered(route)[:4] for route in refused]),
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
    versions = "beta" if route.beta_only else "v1.0, beta"
    permissions = "<br>".join(route.permissions) or "any token"
    return route.method, f"`/{route.template}`", versions, route.summary, permissions


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
