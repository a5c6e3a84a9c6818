"""How certificates fare on devices: those of one profile, and all. Graph: managedDeviceCertificateState,
managedAllDeviceCertificateState (beta).

A PKCS or SCEP profile has one row for a device, one of imported certificates a row for a device and certificate. A row
stays when its certificate goes, until the device's record does. Of imported certificates no more is known than the
import says, unless this tenant's CA issued them.
"""

from __future__ import annotations

from fauxtune.core.errors import NotFound
from fauxtune.core.odata.entities import statuses as shapes
from fauxtune.core.odata.entities.index import entity
from fauxtune.core.odata.paths import UnknownSegment
from fauxtune.core.odata.schema import bare_name
from fauxtune.surfaces.graph.call import Answer, Call
from fauxtune.surfaces.graph.lists import Listed, Row, count_rows, get_element, list_rows
from fauxtune.surfaces.graph.resources.device_configurations import profile_row

_PROFILES = "deviceManagement/deviceConfigurations"
_ALL = "deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates"
_NAME = "managedDeviceCertificateStates"
_LISTED = Listed(collection=_NAME, entity=shapes.CERTIFICATE_STATE, context=_PROFILES, document=lambda row: row)
_ALL_LISTED = Listed(
    collection="allManagedDeviceCertificateStates",
    entity=shapes.ANY_CERTIFICATE_STATE,
    context=_ALL,
    document=lambda row: row,
)


async def list_states(call: Call) -> Answer:
    """GET .../{profile}/managedDeviceCertificateStates, with the cast to the profile's type before it or without."""
    profile = await _profile(call)
    return await list_rows(call, _LISTED, parent=profile["id"], context=_context(profile))


async def count_states(call: Call) -> Answer:
    """GET .../{profile}/managedDeviceCertificateStates/$count."""
    return await count_rows(call, _LISTED, parent=(await _profile(call))["id"])


async def get_state(call: Call) -> Answer:
    """GET .../{profile}/managedDeviceCertificateStates/{state}."""
    profile = await _profile(call)
    return await get_element(call, _LISTED, key=call.keys["state"], parent=profile["id"], context=_context(profile))


async def list_all(call: Call) -> Answer:
    """GET /deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates."""
    return await list_rows(call, _ALL_LISTED)


async def count_all(call: Call) -> Answer:
    """GET .../deviceConfigurationsAllManagedDeviceCertificateStates/$count."""
    return await count_rows(call, _ALL_LISTED)


async def get_any(call: Call) -> Answer:
    """GET .../deviceConfigurationsAllManagedDeviceCertificateStates/{state}."""
    return await get_element(call, _ALL_LISTED, key=call.keys["state"])


async def _profile(call: Call) -> Row:
    """NotFound if the path's cast is not the profile's type; UnknownSegment if its type gives no certificates."""
    row = await profile_row(call)
    shape = entity(row["kind"])
    if call.cast is not None and not shape.is_a(entity(call.cast)):
        raise NotFound(f"The deviceConfiguration '{row['id']}' is a {shape.name}, not a {bare_name(call.cast)}.")
    if shape.navigation(_NAME) is None:
        raise UnknownSegment(_NAME)
    return row


def _context(profile: Row) -> str:
    return f"{_PROFILES}('{profile['id']}')/microsoft.graph.{profile['kind']}/{_NAME}"
