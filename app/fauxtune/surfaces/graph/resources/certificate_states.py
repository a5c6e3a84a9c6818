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
from fauxtune.surfaces.graph.resources.below import Below, placed
from fauxtune.surfaces.graph.resources.device_configurations import below, profile_with
from fauxtune.surfaces.graph.resources.profile_expansion import CONTEXT

ANY_CERTIFICATE_STATE = entity("managedAllDeviceCertificateState")
CERTIFICATE_STATE = entity("managedDeviceCertificateState")

_ALL = "deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates"
_NAME = "managedDeviceCertificateStates"
_ALL_LISTED = Listed(
    collection=ALL_CERTIFICATE_STATES,
    entity=ANY_CERTIFICATE_STATE,
    context=_ALL,
    document=computed,
)


async def _profile(call: Call) -> ProfileRow:
    return await profile_with(call, _NAME)


STATES = Below(
    _profile,
    placed(
        Listed(collection=PROFILE_CERTIFICATE_STATES, entity=CERTIFICATE_STATE, context=CONTEXT, document=computed),
        lambda profile: below(profile, f"microsoft.graph.{profile.kind}/{_NAME}"),
    ),
    key="state",
)


async def list_all(call: Call) -> Answer:
    """GET /deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates."""
    return await list_rows(call, _ALL_LISTED)


async def count_all(call: Call) -> Answer:
    """GET .../deviceConfigurationsAllManagedDeviceCertificateStates/$count."""
    return await count_rows(call, _ALL_LISTED)


async def get_any(call: Call) -> Answer:
    """GET .../deviceConfigurationsAllManagedDeviceCertificateStates/{state}."""
    return await get_element(call, _ALL_LISTED, key=call.keys["state"])
