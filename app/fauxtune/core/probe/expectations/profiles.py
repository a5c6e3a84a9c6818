"""Device configurations with their assignments and statuses, imported certificates, connectors, filters: reads.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import AtMost, Both, Has, Lacks, Matches, SameHost, Text
from fauxtune.core.probe.expectations.forms import GUID, each, equal, get, get_refused, lacks, refused, some, status
from fauxtune.core.probe.model import Basis, Expectation
from fauxtune.core.probe.typed import Typed

_NEEDS = (needs.READ_CONFIGURATION,)
_ALL = "/deviceManagement/deviceConfigurations"
_ONE = f"{_ALL}/{{profile}}"
_BETA = ("beta",)
_PFX = "/deviceManagement/userPfxCertificates"
_TYPE = r"^#microsoft\.graph\.\w+$"

PROFILES: tuple[Expectation, ...] = (
    Expectation(
        id="profiles-have-types",
        says="Every device configuration of a list carries its @odata.type.",
        source=by.CONFIGURATION,
        needs=_NEEDS,
        steps=(get(f"{_ALL}?$top=5", each(Both((Matches("@odata.type", _TYPE), Matches("id", GUID))))),),
    ),
    Expectation(
        id="profile-properties",
        says="A device configuration has every property of its type, set or not.",
        source=by.CONFIGURATION,
        needs=_NEEDS,
        steps=(get(_ONE, Typed("", "deviceConfiguration"), Matches("@odata.type", _TYPE)),),
    ),
    Expectation(
        id="profile-times",
        says="createdDateTime and lastModifiedDateTime are times in UTC, and version is a number from 1 on.",
        source=by.CONFIGURATION,
        needs=_NEEDS,
        steps=(
            get(
                _ONE,
                Has("createdDateTime", "time"),
                Has("lastModifiedDateTime", "time"),
                Has("version", "integer"),
                Has("description", "text/null"),
            ),
        ),
    ),
    Expectation(
        id="profile-without-navigations",
        says="A plain read shows no navigations: neither assignments nor statuses nor isAssigned.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(get(_ONE, *lacks("assignments", "deviceStatuses", "userStatuses", "isAssigned", "@odata.etag")),),
    ),
    Expectation(
        id="profile-expand-assignments",
        says="$expand=assignments shows the assignments with their context.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(
            get(f"{_ONE}?$expand=assignments", Has("assignments", "list"), Has("assignments@odata.context", "text")),
        ),
    ),
    Expectation(
        id="profiles-next-link",
        says="With $top=1 the list of device configurations has an absolute @odata.nextLink.",
        source=by.PAGING,
        needs=_NEEDS,
        given=("secondProfile",),
        steps=(get(f"{_ALL}?$top=1", AtMost("value", 1), SameHost("@odata.nextLink")),),
    ),
    Expectation(
        id="profiles-skip",
        says="$skip passes over device configurations, unlike users.",
        source=by.SDK,
        needs=_NEEDS,
        given=("secondProfile",),
        steps=(get(f"{_ALL}?$skip=1&$top=1", AtMost("value", 1), each(equal("id", "{secondProfile}"))),),
    ),
    Expectation(
        id="profiles-count",
        says="/deviceConfigurations/$count is a number as plain text, without any header.",
        source=by.ODATA_URL,
        basis=Basis.UNVERIFIED,
        needs=_NEEDS,
        steps=(get(f"{_ALL}/$count", Text(r"^\ufeff?\d+$")),),
    ),
    Expectation(
        id="profiles-select",
        says="$select=id,displayName shows these two and the @odata.type.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(
            get(
                f"{_ALL}?$select=id,displayName&$top=1",
                each(
                    Both((Has("id", "GUID"), Has("displayName", "text"), Has("@odata.type", "text"), Lacks("version")))
                ),
            ),
        ),
    ),
    Expectation(
        id="profiles-filter-by-type",
        says="$filter=isof('microsoft.graph.windows10CustomConfiguration') finds profiles of that type alone.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(get(f"{_ALL}?$filter=isof('microsoft.graph.windowsPhone81CustomConfiguration')", AtMost("value", 0)),),
    ),
    Expectation(
        id="profile-unknown",
        says="An unknown device configuration is refused with 404 ResourceNotFound.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(get_refused(f"{_ALL}/{{absent}}", *refused(404, "ResourceNotFound", "NotFound")),),
    ),
    Expectation(
        id="assignments",
        says="An assignment has an id and a target with an @odata.type.",
        source=by.reference("deviceConfigurationAssignment"),
        needs=_NEEDS,
        steps=(
            get(
                f"{_ALL}/{{assignedProfile}}/assignments",
                each(Both((Has("id", "text"), Matches("target/@odata.type", r"AssignmentTarget$")))),
            ),
        ),
    ),
    Expectation(
        id="assignment-ids",
        says="The id of an assignment is the profile's, an underscore, and the group's or a fixed one for everybody.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(get(f"{_ALL}/{{assignedProfile}}/assignments", each(Matches("id", "^{assignedProfile}_[0-9a-f-]+"))),),
    ),
    Expectation(
        id="assignments-of-beta",
        says="beta shows intent, source and sourceId of an assignment, and the filter in its target.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            get(
                f"{_ALL}/{{assignedProfile}}/assignments",
                each(
                    Both(
                        (
                            equal("intent", "apply", "remove"),
                            equal("source", "direct", "policySets"),
                            Has("sourceId"),
                            Has("target/deviceAndAppManagementAssignmentFilterType", "text"),
                        )
                    )
                ),
            ),
        ),
    ),
    Expectation(
        id="assignments-of-v1",
        says="v1.0 shows id and target of an assignment alone.",
        source=by.SDK,
        versions=("v1.0",),
        needs=_NEEDS,
        steps=(get(f"{_ALL}/{{assignedProfile}}/assignments", each(Both(lacks("intent", "source", "sourceId")))),),
    ),
    Expectation(
        id="device-statuses",
        says="deviceStatuses of a profile have the properties that the reference names, each of its type.",
        source=by.reference("deviceConfigurationDeviceStatus"),
        needs=_NEEDS,
        steps=(get(f"{_ALL}/{{assignedProfile}}/deviceStatuses", Typed("value", "deviceConfigurationDeviceStatus")),),
    ),
    Expectation(
        id="user-statuses",
        says="userStatuses of a profile have the properties that the reference names, each of its type.",
        source=by.reference("deviceConfigurationUserStatus"),
        needs=_NEEDS,
        steps=(get(f"{_ALL}/{{assignedProfile}}/userStatuses", Typed("value", "deviceConfigurationUserStatus")),),
    ),
    Expectation(
        id="device-status-overview",
        says="deviceStatusOverview counts devices by outcome.",
        source=by.reference("deviceConfigurationDeviceOverview"),
        needs=_NEEDS,
        steps=(get(f"{_ONE}/deviceStatusOverview", Typed("", "deviceConfigurationDeviceOverview")),),
    ),
    Expectation(
        id="user-status-overview",
        says="userStatusOverview counts users by outcome.",
        source=by.reference("deviceConfigurationUserOverview"),
        needs=_NEEDS,
        steps=(get(f"{_ONE}/userStatusOverview", Typed("", "deviceConfigurationUserOverview")),),
    ),
    Expectation(
        id="tenant-summary",
        says="deviceConfigurationDeviceStateSummaries is one object of the tenant, not a list.",
        source=by.reference("deviceConfigurationDeviceStateSummary"),
        needs=_NEEDS,
        steps=(
            get(
                "/deviceManagement/deviceConfigurationDeviceStateSummaries",
                Has("compliantDeviceCount", "integer"),
                Has("errorDeviceCount", "integer"),
                Lacks("value"),
            ),
        ),
    ),
    Expectation(
        id="beta-paths-in-v1",
        says="Collections that beta alone has are unknown segments in v1.0.",
        source=by.SDK,
        versions=("v1.0",),
        needs=_NEEDS,
        steps=(
            get_refused(_PFX, status(400), Matches("error/message", "Resource not found for the segment")),
            get_refused("/deviceManagement/ndesConnectors", status(400)),
            get_refused("/deviceManagement/assignmentFilters", status(400)),
        ),
    ),
    Expectation(
        id="imported-certificates",
        says="Imported certificates never show the file and its password.",
        source=by.PFX,
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            get(
                f"{_PFX}?$top=5",
                each(Both((equal("encryptedPfxBlob", "AA==", "", None), equal("encryptedPfxPassword", "", None)))),
            ),
        ),
    ),
    Expectation(
        id="imported-certificate-ids",
        says="The id of an imported certificate is the user's id without hyphens, a hyphen, and the thumbprint.",
        source=by.PFX,
        versions=_BETA,
        needs=_NEEDS,
        steps=(get(f"{_PFX}?$top=5", each(Matches("id", "^[0-9a-f]{32}-[0-9a-f]{40}$"))),),
    ),
    Expectation(
        id="imported-certificate-by-key",
        says="An imported certificate is read by its key, with and without quotation marks.",
        source=by.PFX,
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            get(f"{_PFX}/{{certificate}}", equal("id", "{certificate}")),
            get(f"{_PFX}('{{certificate}}')", equal("id", "{certificate}")),
            get(f"{_PFX}({{certificate}})", equal("id", "{certificate}")),
        ),
    ),
    Expectation(
        id="imported-certificates-by-user",
        says="$filter=tolower(userPrincipalName) eq finds the imported certificates of one user.",
        source=by.PFX,
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            get(
                f"{_PFX}?$filter=tolower(userPrincipalName) eq tolower('{{certificateOwner}}')",
                each(Matches("userPrincipalName", "^{certificateOwner}$")),
            ),
        ),
    ),
    Expectation(
        id="imported-certificate-properties",
        says="An imported certificate has every property of its type.",
        source=by.PFX,
        versions=_BETA,
        needs=_NEEDS,
        steps=(get(f"{_PFX}?$top=5", Typed("value", "userPFXCertificate")),),
    ),
    Expectation(
        id="ndes-connectors",
        says="ndesConnectors have displayName, state and lastConnectionDateTime.",
        source=by.reference("ndesConnector (beta)"),
        versions=_BETA,
        needs=_NEEDS,
        steps=(get("/deviceManagement/ndesConnectors", Typed("value", "ndesConnector")),),
    ),
    Expectation(
        id="certificate-connectors",
        says="certificateConnectorDetails have connectorName, connectorVersion and lastCheckinDateTime.",
        source=by.reference("certificateConnectorDetails (beta)"),
        versions=_BETA,
        needs=_NEEDS,
        steps=(get("/deviceManagement/certificateConnectorDetails", Typed("value", "certificateConnectorDetails")),),
    ),
    Expectation(
        id="certificate-states-of-the-tenant",
        says="The certificates of all devices are one list, whose certificateKeyUsages are numbers.",
        source=by.SDK,
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            get(
                "/deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates",
                Typed("value", "managedAllDeviceCertificateState"),
            ),
        ),
    ),
    Expectation(
        id="assignment-filters",
        says="Assignment filters have displayName, platform and rule.",
        source=by.reference("deviceAndAppManagementAssignmentFilter (beta)"),
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            get(
                "/deviceManagement/assignmentFilters",
                each(Both((Has("displayName", "text"), Has("platform", "text"), Has("rule", "text")))),
            ),
        ),
    ),
    Expectation(
        id="scope-tags",
        says="Role scope tags have one that is built in, with the id 0.",
        source=by.reference("roleScopeTag (beta)"),
        versions=_BETA,
        needs=(needs.READ_RBAC,),
        steps=(get("/deviceManagement/roleScopeTags", some(Both((equal("id", "0"), equal("isBuiltIn", True))))),),
    ),
    Expectation(
        id="audit-events",
        says="Audit events have activity, actor, category and resources.",
        source=by.reference("auditEvent"),
        needs=(needs.READ_APPS,),
        steps=(
            get(
                "/deviceManagement/auditEvents?$top=5",
                each(
                    Both(
                        (
                            Has("activityDateTime", "time"),
                            Has("activityType", "text/null"),
                            Has("actor", "object"),
                            Has("resources", "list"),
                        )
                    )
                ),
            ),
        ),
    ),
    Expectation(
        id="app-configurations",
        says="Configurations of managed apps carry their @odata.type.",
        source=by.reference("managedDeviceMobileAppConfiguration"),
        needs=(needs.READ_APPS,),
        steps=(get("/deviceAppManagement/mobileAppConfigurations?$top=5", each(Matches("@odata.type", _TYPE))),),
    ),
    Expectation(
        id="device-management",
        says="deviceManagement is one object with the intuneAccountId and the state of the subscription.",
        source=by.reference("deviceManagement"),
        needs=(needs.READ_SERVICE,),
        steps=(get("/deviceManagement", Has("intuneAccountId", "GUID"), Has("subscriptionState", "text/null")),),
    ),
)
