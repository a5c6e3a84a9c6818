"""Profiles with `$expand`: their parts, and the profiles that they refer to. Graph: deviceConfiguration,
`$expand=assignments,microsoft.graph.T/rootCertificate`.

What can be expanded of other collections: `Family.parts` and `Assigned.expandable` (`families/family.py`), and the
parts of each resource that is no family.

A page costs one statement for all references, however long it is and however many are asked for; for its parts see
`parts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import derived_from, entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.odata.documents.view import check_select, view
from fauxtune.core.odata.query.options import Expand
from fauxtune.core.odata.schema.types import Entity, Navigation, Version
from fauxtune.core.profiles.references import NAMES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.surfaces.graph.call import Call, Json
from fauxtune.surfaces.graph.resources.parts import Part, add_parts
from fauxtune.surfaces.graph.resources.profile_parts import PARTS

DEVICE_CONFIGURATION = entity("deviceConfiguration")

CONTEXT = "deviceManagement/deviceConfigurations"
#: In lower case, as query options are compared.
EXPANDABLE = (*PARTS, *(name.lower() for name in NAMES))


def check_expansion(call: Call, *entities: Entity) -> None:
    """Raise Invalid for an `$expand` of a navigation that the type of the cast, or else each of `entities`, lacks."""
    for expansion in call.query.expand:
        result = entities if expansion.cast is None else (entity(expansion.cast),)
        navigations = [
            nav for kind in result if (nav := _navigation(call, kind, name=expansion.navigation)) is not None
        ]
        if not navigations:
            raise Invalid(
                f"Parsing OData Select and Expand failed: Could not find a property named '{expansion.navigation}' on "
                f"type '{result[0].full_name}'.",
                target=expansion.navigation,
            )
        if expansion.select is not None and navigations[0].name in NAMES:
            target = entity(navigations[0].target)
            check_select(expansion.select, entities=(target, *derived_from(target)), version=call.version)


def expansions(call: Call, connection: Connection, rows: Sequence[ProfileRow]) -> list[Json]:
    """Return what `$expand` adds to each of these profiles, in their order."""
    added = add_parts(
        call,
        connection,
        rows,
        parts=PARTS,
        place=_place,
        has=lambda row, each: _of_row(call, row, expand=each) is not None,
    )
    requested = {expansion.navigation.lower() for expansion in call.query.expand}
    bound = {target for row in rows for name, target in row.navigations.items() if name.lower() in requested}
    targets = queries.profiles_by_id(connection, call.tenant.id, ids=bound)
    for more, row in zip(added, rows, strict=True):
        more |= _references(call, row, targets=targets)
    return added


def profile_view(call: Call, row: ProfileRow, *, select: tuple[str, ...] | None = None) -> Json:
    """Return a profile as this version shows it."""
    return view(entity(row.kind), row.document, version=call.version, select=select)


def reference_context(row: ProfileRow, navigation: str) -> str:
    """Return the context of the profile that a navigation refers to."""
    return f"{CONTEXT}('{row.id}')/{entity(row.kind).full_name}/{navigation}"


def _place(row: ProfileRow, part: Part[ProfileRow]) -> str:
    """Return the place of a part: parts that not every type has are below the type's cast."""
    if DEVICE_CONFIGURATION.navigation(part.name) is None:
        return reference_context(row, part.name)
    return f"{CONTEXT}('{row.id}')/{part.name}"


def _references(call: Call, row: ProfileRow, *, targets: Mapping[ProfileId, ProfileRow]) -> Json:
    """Return the profiles that one profile refers to, as far as `$expand` names them."""
    added: Json = {}
    for expansion in call.query.expand:
        navigation = _of_row(call, row, expand=expansion)
        if navigation is not None and not navigation.contained:
            target_id = row.navigations.get(navigation.name)
            target = None if target_id is None else targets.get(target_id)
            added |= _reference(call, row, name=navigation.name, target=target, select=expansion.select)
    return added


def _of_row(call: Call, row: ProfileRow, *, expand: Expand) -> Navigation | None:
    """Return the navigation of the row's type; None if the cast is to another type, or the type lacks it."""
    shape = entity(row.kind)
    if expand.cast is not None and not shape.is_a(entity(expand.cast)):
        return None
    return _navigation(call, shape, name=expand.navigation)


def _navigation(call: Call, shape: Entity, *, name: str) -> Navigation | None:
    # Types that have navigations of their own exist in beta only: v1.0 shows their base.
    return (DEVICE_CONFIGURATION if call.version is Version.V1 else shape).navigation(name, version=call.version)


def _reference(
    call: Call, row: ProfileRow, *, name: str, target: ProfileRow | None, select: tuple[str, ...] | None
) -> Json:
    if target is None:
        return {name: None}
    return {
        f"{name}@odata.context": call.context(f"{reference_context(row, name)}/$entity"),
        name: profile_view(call, target, select=select),
    }
