"""What a tenant has one of in Apple's and Google's programmes and in Autopilot; failed enrolments of a user.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import approximated, stored
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.families import autopilot, enrollment

_PUSH = "deviceManagement/applePushNotificationCertificate"
_AUTOPILOT = "deviceManagement/windowsAutopilotSettings"
_PLAY = "deviceManagement/androidManagedStoreAccountEnterpriseSettings"
_NOT_PUSHED = stored("kept: simulated devices are woken without Apple's service")
_NOT_BOUND = stored("kept: no service of Google's is called")

_SYNCHRONIZED = approximated("a synchronisation takes half a minute of the clock, and brings statuses up to date")
_REFUSED = approximated("of failed enrolments there are those that a restriction refused")
_EVENTS = "users/{user}/deviceManagementTroubleshootingEvents"


def _events(path: str, handler: Handler, *, summary: str, many: bool = False, counts: bool = False) -> Route[Handler]:
    return Route(
        "GET",
        path,
        handler,
        summary,
        returns=None if counts else enrollment.EVENT,
        many=many,
        permissions=needs.READ_MANAGED,
        source="Graph: user: list deviceManagementTroubleshootingEvents",
        fidelity=_REFUSED,
    )


ENROLLMENT: tuple[Route[Handler], ...] = (
    _events(_EVENTS, enrollment.list_events_of_user, summary="List failed enrolments of a user", many=True),
    _events(f"{_EVENTS}/$count", enrollment.count_events_of_user, summary="Count them", counts=True),
    _events(f"{_EVENTS}/{{event}}", enrollment.get_event_of_user, summary="Get one of them"),
    Route(
        "GET",
        _PUSH,
        enrollment.get_push_certificate,
        "Get the push certificate",
        returns=enrollment.PUSH_CERTIFICATE,
        permissions=needs.READ_SERVICE,
        source="Graph: applePushNotificationCertificate: get",
        may_be_absent=True,
        fidelity=_NOT_PUSHED,
    ),
    Route(
        "PATCH",
        _PUSH,
        enrollment.upload_push_certificate,
        "Upload a push certificate",
        accepts=enrollment.PUSH_CERTIFICATE,
        returns=enrollment.PUSH_CERTIFICATE,
        permissions=needs.WRITE_SERVICE,
        source="Graph: applePushNotificationCertificate: update",
        fidelity=_NOT_PUSHED,
    ),
    Route(
        "GET",
        _PLAY,
        enrollment.get_managed_play,
        "Get how managed Google Play is bound",
        returns=enrollment.MANAGED_PLAY,
        beta_only=True,
        permissions=needs.READ_CONFIGURATION,
        source="Graph: androidManagedStoreAccountEnterpriseSettings: get",
        fidelity=_NOT_BOUND,
    ),
    Route(
        "PATCH",
        _PLAY,
        enrollment.update_managed_play,
        "Change how managed Google Play is bound",
        accepts=enrollment.MANAGED_PLAY,
        returns=enrollment.MANAGED_PLAY,
        beta_only=True,
        permissions=needs.WRITE_CONFIGURATION,
        source="Graph: androidManagedStoreAccountEnterpriseSettings: update",
        fidelity=_NOT_BOUND,
    ),
    Route(
        "GET",
        _AUTOPILOT,
        autopilot.get_settings,
        "Get when Autopilot devices were synchronised",
        returns=autopilot.AUTOPILOT_SETTINGS,
        beta_only=True,
        permissions=needs.READ_SERVICE,
        source="Graph: windowsAutopilotSettings: get",
        fidelity=_SYNCHRONIZED,
    ),
    Route(
        "POST",
        f"{_AUTOPILOT}/sync",
        autopilot.synchronize,
        "Synchronise Autopilot devices",
        beta_only=True,
        status=204,
        permissions=needs.WRITE_SERVICE,
        source="Graph: windowsAutopilotSettings: sync",
        fidelity=_SYNCHRONIZED,
    ),
)
