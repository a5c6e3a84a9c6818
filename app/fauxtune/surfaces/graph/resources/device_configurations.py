"""Profiles, and the references from one to another.

Profiles. Graph: deviceConfiguration.

References from a profile to another: the profile behind a navigation, and its `$ref`.

Graph: "Set up references" (OData `$ref`): PUT sets, DELETE clears, GET reads. Each answers to the path with the type's
cast (`.../microsoft.graph.T/rootCertificate/$ref`) and to that without. Unverified: that a change of a reference raises
the profile's version, and that clearing what is not set is 404.
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import derived_from, entity
from fauxtune.core.graph.references import binds
from fauxtune.core.odata.documents.validation import accept, defaults, type_name
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.paths.table import UnknownSegment
from fauxtune.core.odata.schema.types import bare_name
from fauxtune.core.profiles.catalog import Kind, kind
from fauxtune.operations.profiles import profiles
from fauxtune.operations.profiles.references import referenced
from fauxtune.storage.collections.profiles import PROFILES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, count_rows, list_rows, of_cast
from fauxtune.surfaces.graph.resources.profile_expansion import (
    CONTEXT,
    EXPANDABLE,
    check_expansion,
    expansions,
    profile_view,
    reference_context,
)

_BASE = entity("deviceConfiguration")
_LISTED = Listed(
    collection=PROFILES,
    document=lambda row: row.document,
    entity=_BASE,
    context=CONTEXT,
    entity_of=lambda row: entity(row.kind),
    always_count=True,
    expandable=EXPANDABLE,
    expand=expansions,
)


async def list_profiles(call: Call) -> Answer:
    """GET /deviceManagement/deviceConfigurations."""
    check_expansion(call, _BASE, *derived_from(_BASE))
    return _dated(call, await list_rows(call, _listed(call)))


async def count_profiles(call: Call) -> Answer:
    """GET /deviceManagement/deviceConfigurations/$count."""
    return await count_rows(call, _listed(call))


def _listed(call: Call) -> Listed[ProfileRow]:
    """The list of the kinds that the path's cast leaves."""
    if call.cast is None:
        return _LISTED
    return replace(_LISTED, narrowed=of_cast(call.cast, base=_BASE, kinds=derived_from(_BASE)))


async def get_profile(call: Call) -> Answer:
    """GET .../{profile}."""
    row = await profile_row(call)
    shape = entity(row.kind)
    check_expansion(call, shape)
    check_options(call, shape, *derived_from(_BASE), expandable=EXPANDABLE)
    document = view(shape, row.document, version=call.version, select=call.query.select)
    more: Json = {}
    if call.query.expand:
        (more,) = await call.read(lambda connection: expansions(call, connection, [row]))
    return _dated(call, entity_answer(call, {**document, **more}, context=CONTEXT))


async def create_profile(call: Call) -> Answer:
    """POST: the body says what kind of profile it is with @odata.type."""
    body = call.body()
    name = type_name(body)
    if name is None:
        raise Invalid(
            "@odata.type is required: deviceConfiguration is abstract. Send, for example, "
            "'#microsoft.graph.androidWorkProfilePkcsCertificateProfile'.",
            target="@odata.type",
        )
    shape, known = entity(name), kind_of(name)
    if not shape.is_a(_BASE):
        raise Invalid(f"A {shape.name} is no deviceConfiguration.", target="@odata.type")
    document = {**defaults(shape), **accept(shape, body, partial=False, version=call.version)}
    document = await call.run(profiles.create_profile, known, document=document, navigations=binds(shape, body))
    return created(call, view(shape, document, version=call.version), collection=CONTEXT)


async def update_profile(call: Call) -> Answer:
    """PATCH .../{profile}: 200 with the entity. The type of a profile cannot be changed."""
    row = await profile_row(call)
    body = call.body()
    name = type_name(body)
    if name is not None and bare_name(name).lower() not in (row.kind.lower(), _BASE.name.lower()):
        raise Invalid(f"The profile is a {row.kind}; its @odata.type cannot be changed.", target="@odata.type")
    shape = entity(row.kind)
    changes = accept(shape, {**body, "@odata.type": shape.odata_type}, partial=True, version=call.version)
    document = await call.run(
        profiles.update_profile,
        row.id,
        kind=kind_of(row.kind),
        changes=changes,
        navigations=binds(shape, body),
    )
    return entity_answer(call, view(shape, document, version=call.version), context=CONTEXT)


async def delete_profile(call: Call) -> Answer:
    """DELETE .../{profile}."""
    await call.run(profiles.delete_profile, (await profile_row(call)).id)
    return NO_CONTENT


async def profile_row(call: Call) -> ProfileRow:
    """Return the profile that the path names. Raises NotFound if it does not exist."""
    return await call.read(profile_of_path, call)


def profile_of_path(connection: Connection, call: Call) -> ProfileRow:
    """Do what `profile_row` does, in a transaction that is under way. A cast to another type finds nothing."""
    key = call.keys["profile"]
    row = queries.profile(connection, call.tenant.id, profile_id=key)
    if row is None or not entity(row.kind).is_a(_BASE):
        raise NotFound(f"There is no deviceConfiguration '{key}'.")
    if call.cast is not None and not entity(row.kind).is_a(entity(call.cast)):
        raise NotFound(f"The deviceConfiguration '{row.id}' is a {row.kind}, not a {bare_name(call.cast)}.")
    return row


async def profile_with(call: Call, navigation: str) -> ProfileRow:
    """Return the profile that the path names, whose type must have the navigation. Raises NotFound if the path's cast
    is to another type, UnknownSegment if the type has no such navigation.
    """
    row = await profile_row(call)
    if entity(row.kind).navigation(navigation) is None:
        raise UnknownSegment(navigation)
    return row


def _dated(call: Call, answer: Answer) -> Answer:
    """Mark an answer with an overview as dated: it has the moment in it."""
    dated = any(expansion.navigation.lower().endswith("overview") for expansion in call.query.expand)
    return replace(answer, dated=dated)


def below(profile: ProfileRow, name: str) -> str:
    """Return the context of a part of a profile."""
    return f"{CONTEXT}('{profile.id}')/{name}"


def kind_of(name: str) -> Kind:
    """Return the kind with this name. Raises Invalid for one that is abstract or does not exist here."""
    known = kind(name)
    if known is None:
        raise Invalid(
            f"The type 'microsoft.graph.{bare_name(name)}' is abstract or not emulated yet.", target="@odata.type"
        )
    return known


DEVICE_CONFIGURATION = entity("deviceConfiguration")


def read_target(navigation: str) -> Handler:
    """GET .../{profile}/rootCertificate: the profile itself."""

    async def handler(call: Call) -> Answer:
        row = await profile_with(call, navigation)
        check_options(call, *derived_from(DEVICE_CONFIGURATION))
        target_id = referenced(row, navigation)
        target = await call.read(queries.profile, call.tenant.id, profile_id=target_id)
        if target is None:
            raise NotFound(f"There is no deviceConfiguration '{target_id}'.")
        document = profile_view(call, target, select=call.query.select)
        return entity_answer(call, document, context=reference_context(row, navigation))

    return handler


def read_reference(navigation: str) -> Handler:
    """GET .../{profile}/rootCertificate/$ref: where that profile is found."""

    async def handler(call: Call) -> Answer:
        row = await profile_with(call, navigation)
        url = call.location(CONTEXT, referenced(row, navigation))
        return Answer(200, {"@odata.context": call.context("$ref"), "@odata.id": url})

    return handler


def set_reference(navigation: str) -> Handler:
    """PUT .../{profile}/rootCertificate/$ref."""

    async def handler(call: Call) -> Answer:
        target_id = call.reference(to="deviceConfiguration")
        row = await profile_with(call, navigation)
        await call.run(
            profiles.update_profile,
            row.id,
            kind=kind_of(row.kind),
            changes={},
            navigations={navigation: [target_id]},
        )
        return NO_CONTENT

    return handler


def clear_reference(navigation: str) -> Handler:
    """DELETE .../{profile}/rootCertificate/$ref."""

    async def handler(call: Call) -> Answer:
        row = await profile_with(call, navigation)
        await call.run(
            profiles.clear_reference,
            row.id,
            kind=kind_of(row.kind),
            navigation=navigation,
        )
        return NO_CONTENT

    return handler
