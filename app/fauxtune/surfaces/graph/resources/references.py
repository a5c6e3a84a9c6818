"""References from a profile to another: the profile behind a navigation, and its `$ref`.

Graph: "Set up references" (OData `$ref`): PUT sets, DELETE clears, GET reads. Each answers to the path with the type's
cast (`.../microsoft.graph.T/rootCertificate/$ref`) and to that without. Unverified: that a change of a reference raises
the profile's version, and that clearing what is not set is 404.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.odata.entities.configuration import DEVICE_CONFIGURATION
from fauxtune.core.odata.entities.index import derived_from, entity
from fauxtune.core.odata.paths import UnknownSegment
from fauxtune.core.odata.schema import bare_name
from fauxtune.core.odata.segments import reference_id
from fauxtune.operations import configuration
from fauxtune.operations.references import referenced
from fauxtune.storage.queries import configuration as queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, check_options, entity_answer
from fauxtune.surfaces.graph.resources.device_configurations import kind_of, profile_row
from fauxtune.surfaces.graph.resources.expansion import CONTEXT, profile_view, reference_context


def read_target(navigation: str) -> Handler:
    """GET .../{profile}/rootCertificate: the profile itself."""

    async def handler(call: Call) -> Answer:
        row = await _owner(call, navigation)
        check_options(call, *derived_from(DEVICE_CONFIGURATION))
        target_id = referenced(row, navigation)
        target = await call.emulator.runner.read(queries.profile, call.tenant.id, profile_id=target_id)
        if target is None:
            raise NotFound(f"There is no deviceConfiguration '{target_id}'.")
        shown = profile_view(call, target, select=call.query.select)
        return entity_answer(call, shown, context=reference_context(row, navigation))

    return handler


def read_reference(navigation: str) -> Handler:
    """GET .../{profile}/rootCertificate/$ref: where that profile is found."""

    async def handler(call: Call) -> Answer:
        row = await _owner(call, navigation)
        url = call.location(CONTEXT, referenced(row, navigation))
        return Answer(200, {"@odata.context": call.context("$ref"), "@odata.id": url})

    return handler


def set_reference(navigation: str) -> Handler:
    """PUT .../{profile}/rootCertificate/$ref."""

    async def handler(call: Call) -> Answer:
        target_id = _sent(call.body(), navigation)
        row = await _owner(call, navigation)
        await call.emulator.runner.run(
            call.tenant,
            configuration.update_profile,
            row["id"],
            kind=kind_of(row["kind"]),
            changes={},
            navigations={navigation: [target_id]},
        )
        return NO_CONTENT

    return handler


def clear_reference(navigation: str) -> Handler:
    """DELETE .../{profile}/rootCertificate/$ref."""

    async def handler(call: Call) -> Answer:
        row = await _owner(call, navigation)
        await call.emulator.runner.run(
            call.tenant,
            configuration.clear_reference,
            row["id"],
            kind=kind_of(row["kind"]),
            navigation=navigation,
        )
        return NO_CONTENT

    return handler


async def _owner(call: Call, navigation: str) -> dict[str, Any]:
    """The profile that refers. NotFound if the path's cast is not its type; UnknownSegment if it has no such
    navigation.
    """
    row = await profile_row(call)
    shape = entity(row["kind"])
    if call.cast is not None and not shape.is_a(entity(call.cast)):
        raise NotFound(f"The deviceConfiguration '{row['id']}' is a {shape.name}, not a {bare_name(call.cast)}.")
    if shape.navigation(navigation) is None:
        raise UnknownSegment(navigation)
    return row


def _sent(body: Json, navigation: str) -> str:
    url = body.get("@odata.id")
    if not isinstance(url, str):
        raise Invalid(
            f'To set {navigation} send {{"@odata.id": "<URL of a deviceConfiguration>"}}; this is {url!r}.',
            target="@odata.id",
        )
    return reference_id(url)
