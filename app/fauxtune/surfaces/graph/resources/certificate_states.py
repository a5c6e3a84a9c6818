"""The states of certificates on devices: those of one profile, and all. Graph: managedDeviceCertificateState,
managedAllDeviceCertificateState (beta).

A PKCS or SCEP profile has one row for a device, one of imported certificates a row for a device and certificate. A row
stays when its certificate is removed, until the device's record is deleted. Of an imported certificate only the
import's data are known, unless this tenant's CA issued it.
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.storage.collections.certificate_states import ALL_CERTIFICATE_STATES, PROFILE_CERTIFICATE_STATES
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.surfaces.graph.call import Answer, Call
from fauxtune.surfaces.graph.lists import Listed, computed, count_rows, get_element, list_rows
from fauxtune.surfaces.graph.resources.device_configurations import below, profile_with
from fauxtune.surfaces.graph.resources.expansion import CONTEXT

ANY_CERTIFICATE_STATE = entity("managedAllDeviceCertificateState")
CERTIFICATE_STATE = entity("managedDeviceCertificateState")

_ALL = "deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates"
_NAME = "managedDeviceCertificateStates"
_LISTED = Listed(collection=PROFILE_CERTIFICATE_STATES, entity=CERTIFICATE_STATE, context=CONTEXT, document=computed)
_ALL_LISTED = Listed(
    collection=ALL_CERTIFICATE_STATES,
    entity=ANY_CERTIFICATE_STATE,
    context=_ALL,
    document=computed,
)


async def list_states(call: Call) -> Answer:
    """GET .../{profile}/managedDeviceCertificateStates, with the cast to the profile's type before it or without."""
    profile = await profile_with(call, _NAME)
    return await list_rows(call, _LISTED, parent=profile.id, context=_context(profile))


async def count_states(call: Call) -> Answer:
    """GET .../{profile}/managedDeviceCertificateStates/$count."""
    return await count_rows(call, _LISTED, parent=(await profile_with(call, _NAME)).id)


async def get_state(call: Call) -> Answer:
    """GET .../{profile}/managedDeviceCertificateStates/{state}."""
    profile = await profile_with(call, _NAME)
    return await get_element(call, _LISTED, key=call.keys["state"], parent=profile.id, context=_context(profile))


async def list_all(call: Call) -> Answer:
    """GET /deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates."""
    return await list_rows(call, _ALL_LISTED)


async def count_all(call: Call) -> Answer:
    """GET .../deviceConfigurationsAllManagedDeviceCertificateStates/$count."""
    return await count_rows(call, _ALL_LISTED)


async def get_any(call: Call) -> Answer:
    """GET .../deviceConfigurationsAllManagedDeviceCertificateStates/{state}."""
    return await get_element(call, _ALL_LISTED, key=call.keys["state"])


def _context(profile: ProfileRow) -> str:
    return below(profile, f"microsoft.graph.{profile.kind}/{_NAME}")
