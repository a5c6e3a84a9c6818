"""Managed devices: reads. What Intune's own collections do otherwise than the directory.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import AtMost, Both, Has, Lacks, Matches, Members, SameHost, Text
from fauxtune.core.probe.expectations.forms import GUID, each, equal, get, get_refused, refused, says, some, status
from fauxtune.core.probe.model import Basis, Expectation
from fauxtune.core.probe.typed import Typed

_NEEDS = (needs.READ_MANAGED,)
_ALL = "/deviceManagement/managedDevices"
_ONE = f"{_ALL}/{{device}}"
_BLANK = (None, "")
#: Shown only with `$select` at one device.
_SELECT_ONLY = (
    "activationLockBypassCode",
    "ethernetMacAddress",
    "iccid",
    "notes",
    "remoteAssistanceSessionUrl",
    "udid",
)

DEVICES: tuple[Expectation, ...] = (
    Expectation(
        id="device-properties",
        says="A managed device has every property that the reference names, each of its type.",
        source=by.MANAGED_DEVICE,
        needs=_NEEDS,
        steps=(get(_ONE, Typed("", "managedDevice"), equal("id", "{device}")),),
    ),
    Expectation(
        id="devices-properties",
        says="Managed devices of a list have every property that the reference names, each of its type.",
        source=by.MANAGED_DEVICE,
        needs=_NEEDS,
        steps=(get(f"{_ALL}?$top=5", Typed("value", "managedDevice")),),
    ),
    Expectation(
        id="devices-count-unasked",
        says="The list of managed devices has @odata.count without being asked.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(get(_ALL, Has("@odata.count", "integer")),),
    ),
    Expectation(
        id="devices-next-link",
        says="With $top=1 the list of managed devices has an absolute @odata.nextLink.",
        source=by.PAGING,
        needs=_NEEDS,
        given=("secondDevice",),
        steps=(
            get(
                f"{_ALL}?$top=1&$select=id",
                AtMost("value", 1),
                SameHost("@odata.nextLink"),
                keeps={"next": "@odata.nextLink"},
            ),
            get("{next}", AtMost("value", 1), each(equal("id", "{secondDevice}"))),
        ),
    ),
    Expectation(
        id="devices-count",
        says="/managedDevices/$count is a number as plain text, without any header.",
        source=by.ODATA_URL,
        basis=Basis.UNVERIFIED,
        needs=_NEEDS,
        steps=(get(f"{_ALL}/$count", Text(r"^\ufeff?\d+$")),),
    ),
    Expectation(
        id="devices-select",
        says="$select limits the properties of managed devices.",
        source=by.QUERY,
        needs=_NEEDS,
        steps=(get(f"{_ALL}?$top=1&$select=id,deviceName", each(Members("", ("id", "deviceName")))),),
    ),
    Expectation(
        id="devices-select-only-properties",
        says="Properties that need $select at one device are empty in the list.",
        source=by.MANAGED_DEVICE,
        needs=_NEEDS,
        steps=(get(f"{_ALL}?$top=2", *(each(equal(name, *_BLANK)) for name in _SELECT_ONLY)),),
    ),
    Expectation(
        id="device-select-only-properties",
        says="Properties that need $select are empty at one device that is read without it.",
        source=by.MANAGED_DEVICE,
        needs=_NEEDS,
        steps=(get(_ONE, *(equal(name, *_BLANK) for name in _SELECT_ONLY), equal("physicalMemoryInBytes", 0)),),
    ),
    Expectation(
        id="device-select",
        says="$select at one device shows a property that is empty without it.",
        source=by.MANAGED_DEVICE,
        needs=_NEEDS,
        steps=(
            get(f"{_ONE}?$select=id,udid,physicalMemoryInBytes", Members("", ("id", "udid", "physicalMemoryInBytes"))),
        ),
    ),
    Expectation(
        id="devices-filter",
        says="$filter=operatingSystem eq finds managed devices of that system alone.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(
            get(
                f"{_ALL}?$filter=operatingSystem eq '{{operatingSystem}}'",
                each(equal("operatingSystem", "{operatingSystem}")),
            ),
        ),
    ),
    Expectation(
        id="devices-filter-by-name",
        says="$filter=deviceName eq finds managed devices of that name alone.",
        source=by.reference("managedDevice (beta)"),
        needs=_NEEDS,
        steps=(get(f"{_ALL}?$filter=deviceName eq '{{deviceName}}'", each(equal("deviceName", "{deviceName}"))),),
    ),
    Expectation(
        id="devices-filter-by-time",
        says="$filter compares lastSyncDateTime with a time without quotation marks.",
        source=by.MANAGED_DEVICE,
        needs=_NEEDS,
        steps=(
            get(f"{_ALL}?$filter=lastSyncDateTime gt 9999-01-01T00:00:00Z", AtMost("value", 0)),
            get(
                f"{_ALL}?$filter=lastSyncDateTime gt 0001-01-02T00:00:00Z&$top=1", each(Has("lastSyncDateTime", "time"))
            ),
        ),
    ),
    Expectation(
        id="devices-filter-by-enum",
        says="$filter compares complianceState with a text in quotation marks.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(get(f"{_ALL}?$filter=complianceState eq 'conflict'", AtMost("value", 0)),),
    ),
    Expectation(
        id="devices-filter-ignored",
        says="$filter by a property that cannot be filtered by is ignored: the whole list is answered.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        faithful=True,
        given=("device",),
        steps=(get(f"{_ALL}?$filter=wiFiMacAddress eq 'frob'&$top=1", each(Has("id", "GUID"))),),
    ),
    Expectation(
        id="devices-filter-malformed",
        says="A $filter of managed devices that breaks off is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(get_refused(f"{_ALL}?$filter=deviceName eq", *refused(400)),),
    ),
    Expectation(
        id="device-unknown",
        says="An unknown managed device is refused with 404 ResourceNotFound.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(get_refused(f"{_ALL}/{{absent}}", *refused(404, "ResourceNotFound", "NotFound")),),
    ),
    Expectation(
        id="device-without-etag",
        says="Managed devices have no @odata.etag and no header ETag.",
        source=by.LIVE,
        basis=Basis.UNVERIFIED,
        needs=_NEEDS,
        steps=(get(_ONE, Lacks("@odata.etag")),),
    ),
    Expectation(
        id="device-states-of-profiles",
        says="deviceConfigurationStates of a device have displayName, state, version and settingCount.",
        source=by.reference("List deviceConfigurationStates"),
        needs=_NEEDS,
        steps=(get(f"{_ONE}/deviceConfigurationStates", Typed("value", "deviceConfigurationState")),),
    ),
    Expectation(
        id="device-users",
        says="users of a managed device are its primary users.",
        source=by.reference("managedDevice: users"),
        needs=_NEEDS,
        steps=(get(f"{_ONE}/users", each(Matches("id", GUID))),),
    ),
    Expectation(
        id="device-jailbroken",
        says="jailBroken is a text that begins with a capital letter: True, False or Unknown.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(get(f"{_ALL}?$top=20&$select=id,jailBroken", each(equal("jailBroken", "True", "False", "Unknown"))),),
    ),
    Expectation(
        id="device-grace-period",
        says="A device without a grace period has a complianceGracePeriodExpirationDateTime in the year 9999 or 1.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(get(f"{_ALL}?$top=20", some(Matches("complianceGracePeriodExpirationDateTime", "^(9999|0001)-"))),),
    ),
    Expectation(
        id="device-ids",
        says="A managed device's id and azureADDeviceId are GUIDs, and enrolledDateTime is a time.",
        source=by.MANAGED_DEVICE,
        needs=_NEEDS,
        steps=(
            get(
                f"{_ALL}?$top=5",
                each(Both((Matches("id", GUID), Matches("azureADDeviceId", GUID), Has("enrolledDateTime", "time")))),
            ),
        ),
    ),
    Expectation(
        id="devices-of-beta",
        says="beta shows ownerType, deviceType and roleScopeTagIds besides; v1.0 does not.",
        source=by.SDK,
        needs=_NEEDS,
        versions=("beta",),
        steps=(get(_ONE, Has("ownerType", "text"), Has("deviceType", "text"), Has("roleScopeTagIds", "list/null")),),
    ),
    Expectation(
        id="devices-of-v1",
        says="v1.0 does not show ownerType and roleScopeTagIds of a managed device.",
        source=by.SDK,
        needs=_NEEDS,
        versions=("v1.0",),
        steps=(get(_ONE, Lacks("ownerType"), Lacks("roleScopeTagIds")),),
    ),
    Expectation(
        id="device-overview",
        says="managedDeviceOverview counts devices by operating system and has no value around it.",
        source=by.reference("Get managedDeviceOverview"),
        needs=_NEEDS,
        steps=(
            get(
                "/deviceManagement/managedDeviceOverview",
                Has("enrolledDeviceCount", "integer"),
                Has("deviceOperatingSystemSummary/androidCount", "integer"),
                Lacks("value"),
            ),
        ),
    ),
    Expectation(
        id="device-categories",
        says="Device categories have id, displayName and description.",
        source=by.reference("deviceCategory"),
        needs=_NEEDS,
        steps=(get("/deviceManagement/deviceCategories", Typed("value", "deviceCategory")),),
    ),
    Expectation(
        id="device-verb-unknown",
        says="A verb that a path of Intune does not know is refused with the code 'No method match route template'.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(
            get_refused(
                f"{_ONE}/syncDevice", status(400), says("No OData route exists that match template|Resource not found")
            ),
        ),
    ),
)
