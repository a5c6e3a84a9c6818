"""Managed devices and what is asked of them.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.entities.devices import MANAGED_DEVICE
from fauxtune.core.odata.paths import Route
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import managed_devices
from fauxtune.surfaces.graph.routes import permissions as needs

_ALL = "deviceManagement/managedDevices"
_ONE = f"{_ALL}/{{device}}"


def _action(name: str, handler: Handler, *, summary: str) -> Route[Handler]:
    return Route("POST", f"{_ONE}/{name}", handler, summary, status=204, permissions=needs.ACT)


MANAGED_DEVICES: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        _ALL,
        managed_devices.list_devices,
        "List devices",
        returns=MANAGED_DEVICE,
        many=True,
        permissions=needs.READ_MANAGED,
    ),
    Route("POST", _ALL, managed_devices.refuse_create, "Refused: devices enrol", status=400),
    Route("GET", f"{_ALL}/$count", managed_devices.count_devices, "Count devices", permissions=needs.READ_MANAGED),
    Route(
        "GET", _ONE, managed_devices.get_device, "Get a device", returns=MANAGED_DEVICE, permissions=needs.READ_MANAGED
    ),
    Route(
        "DELETE",
        _ONE,
        managed_devices.delete,
        "Drop the record; company data goes at the next check-in",
        status=204,
        permissions=needs.WRITE_MANAGED,
    ),
    _action("wipe", managed_devices.wipe, summary="Wipe"),
    _action("retire", managed_devices.retire, summary="Retire"),
    _action("syncDevice", managed_devices.sync, summary="Sync"),
)
