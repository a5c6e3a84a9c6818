"""What the code marks `Unverified:` or `Differs from Intune:`, and reading is enough to show: to try first on a tenant.

Where the emulator is known to differ (`differs_here`), the expectation is only about the real service.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import AtMost, Both, Has, Matches, Ordered
from fauxtune.core.probe.expectations.forms import (
    asks,
    each,
    equal,
    get,
    get_refused,
    some,
    status,
)
from fauxtune.core.probe.model import Basis, Expectation

_OURS = Basis.UNVERIFIED
_BETA = ("beta",)
_READ = (needs.READ_CONFIGURATION,)
_DEVICES, _PROFILES = "/deviceManagement/managedDevices", "/deviceManagement/deviceConfigurations"
_FILTERS = "/deviceManagement/assignmentFilters"
_FILTER = {
    "displayName": "{prefix}doubt",
    "platform": "androidForWork",
    "rule": '(device.manufacturer -eq "Fauxtune")',
}


def _batch_of(url: str, **more: object) -> object:
    return {"requests": [{"id": "1", "method": "GET", "url": url, **more}]}


DOUBTS_OF_READING: tuple[Expectation, ...] = (
    Expectation(
        id="audit-events-newest-first",
        says="Audit events come newest first when no order is asked for.",
        source=by.OURS,
        basis=_OURS,
        needs=(needs.READ_APPS,),
        steps=(get("/deviceManagement/auditEvents?$top=20", Ordered("value", "activityDateTime", descending=True)),),
    ),
    Expectation(
        id="devices-count-of-the-page",
        says="The unasked @odata.count of managed devices counts the page, not the whole.",
        source=by.OURS,
        basis=_OURS,
        needs=(needs.READ_MANAGED,),
        given=("secondDevice",),
        steps=(get(f"{_DEVICES}?$top=1", equal("@odata.count", 1)),),
    ),
    Expectation(
        id="devices-count-asked",
        says="With $count=true the @odata.count of managed devices counts the whole.",
        source=by.QUERY,
        needs=(needs.READ_MANAGED,),
        given=("secondDevice",),
        steps=(get(f"{_DEVICES}?$top=1&$count=true", Matches("@odata.nextLink", "."), Has("@odata.count", "integer")),),
    ),
    Expectation(
        id="devices-select-in-a-list",
        says="$select does not bring to a list what the service gives for one device alone.",
        source=by.MANAGED_DEVICE,
        needs=(needs.READ_MANAGED,),
        steps=(
            get(
                f"{_DEVICES}?$top=5&$select=id,physicalMemoryInBytes,notes",
                each(Both((equal("physicalMemoryInBytes", 0, None), equal("notes", None, "")))),
            ),
        ),
    ),
    Expectation(
        id="device-without-category",
        says="A device in no category has a deviceCategory of the name Unknown.",
        source=by.OURS,
        basis=_OURS,
        needs=(needs.READ_MANAGED,),
        steps=(get(f"{_DEVICES}/{{deviceWithoutCategory}}/deviceCategory", equal("displayName", "Unknown")),),
    ),
    Expectation(
        id="device-status-ids",
        says="The id of a device's status of a profile has the profile's id in it.",
        source=by.LIVE,
        basis=_OURS,
        needs=_READ,
        steps=(get(f"{_PROFILES}/{{assignedProfile}}/deviceStatuses", each(Matches("id", "{assignedProfile}"))),),
    ),
    Expectation(
        id="user-status-ids",
        says="The id of a user's status of a profile has the profile's id in it.",
        source=by.OURS,
        basis=_OURS,
        needs=_READ,
        steps=(get(f"{_PROFILES}/{{assignedProfile}}/userStatuses", each(Matches("id", "{assignedProfile}"))),),
    ),
    Expectation(
        id="device-overview-id",
        says="The overview of managed devices has an id.",
        source=by.OURS,
        basis=_OURS,
        needs=(needs.READ_MANAGED,),
        steps=(get("/deviceManagement/managedDeviceOverview", Has("id", "text")),),
    ),
    Expectation(
        id="batch-of-a-count",
        says="The number of a /$count in a batch is the body of its response, as a number.",
        source=by.OURS,
        basis=_OURS,
        needs=(needs.READ_USERS,),
        steps=(
            asks(
                "/$batch",
                _batch_of("/users/$count", headers={"ConsistencyLevel": "eventual"}),
                some(Both((equal("status", 200), Has("body", "integer"))), "responses"),
            ),
        ),
    ),
    Expectation(
        id="organization-authority",
        says="mobileDeviceManagementAuthority of the organization is shown when it is selected.",
        source=by.OURS,
        basis=_OURS,
        needs=(needs.READ_ORGANIZATION,),
        steps=(
            get(
                "/organization/{organization}?$select=id,mobileDeviceManagementAuthority",
                equal("mobileDeviceManagementAuthority", "intune", "sccm", "office365", "unknown"),
            ),
        ),
    ),
    Expectation(
        id="filter-tolower-in-the-directory",
        says="The directory refuses tolower in $filter.",
        source=by.ADVANCED,
        needs=(needs.READ_USERS,),
        differs_here="tolower is followed",
        steps=(get_refused("/users?$filter=tolower(mail) eq 'x'", status(400)),),
    ),
    Expectation(
        id="filter-state",
        says="The state of assignment filters says whether they are enabled.",
        source=by.reference("deviceAndAppManagementAssignmentFilter: getState (beta)"),
        versions=_BETA,
        needs=_READ,
        steps=(get(f"{_FILTERS}/getState", Has("enabled", "boolean")),),
    ),
    Expectation(
        id="filter-validate",
        says="validateFilter answers whether a rule can be read, without creating anything.",
        source=by.reference("deviceAndAppManagementAssignmentFilter: validateFilter (beta)"),
        versions=_BETA,
        basis=_OURS,
        needs=_READ,
        steps=(
            asks(
                f"{_FILTERS}/validateFilter",
                {
                    "deviceAndAppManagementAssignmentFilter": {
                        "@odata.type": "#microsoft.graph.deviceAndAppManagementAssignmentFilter",
                        **_FILTER,
                    }
                },
                Has("isValidRule", "boolean"),
            ),
        ),
    ),
    Expectation(
        id="conflicts",
        says="The summary of conflicts is a list.",
        source=by.SDK,
        versions=_BETA,
        needs=_READ,
        steps=(
            get("/deviceManagement/deviceConfigurationConflictSummary", Has("value", "list"), AtMost("value", 1000)),
        ),
    ),
)
