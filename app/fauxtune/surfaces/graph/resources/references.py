"""References from a profile to another: the profile behind a navigation, and its `$ref`.

Graph: "Set up references" (OData `$ref`): PUT sets, DELETE clears, GET reads. Each answers to the path with the type's
cast (`.../microsoft.graph.T/rootCertificate/$ref`) and to that without. Unverified: that a change of a reference raises
the profile's version, and that clearing what is not set is 404.
"""

from __future__ import annotations

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import derived_from, entity
from fauxtune.operations.profiles import profiles
from fauxtune.operations.profiles.references import referenced
from fauxtune.storage.queries import configuration as queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, check_options, entity_answer
from fauxtune.surfaces.graph.resources.device_configurations import kind_of, profile_with
from fauxtune.surfaces.graph.resources.profile_expansion import CONTEXT, profile_view, reference_context

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
