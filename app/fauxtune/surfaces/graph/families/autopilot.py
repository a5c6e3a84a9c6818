"""Windows Autopilot: deployment profiles, device identities, the import of hardware hashes.

What they can do beside what every resource can. Graph: windowsAutopilotDeviceIdentity:
updateDeviceProperties, assignUserToDevice, unassignUserFromDevice, deploymentProfile, intendedDeploymentProfile;
importedWindowsAutopilotDeviceIdentity: import; windowsAutopilotDeploymentProfile: assign, assignedDevices;
windowsAutopilotSettings: get, sync.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import approximated
from fauxtune.core.policies import autopilot as rules
from fauxtune.core.policies.autopilot import ASSIGNED, DEPLOYMENT_PROFILES, IDENTITIES, SETTINGS, SETTINGS_ID
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.devices import autopilot as operations
from fauxtune.operations.devices.autopilot import IDENTITY_HOOKS, IMPORT_HOOKS
from fauxtune.operations.profiles import resources
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ListedResourceRow, ResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.lists import collection_answer, count_documents, list_documents
from fauxtune.surfaces.graph.resources.parts import Part
from fauxtune.surfaces.graph.resources.served_family import type_of

DEPLOYMENT_PROFILE = entity("windowsAutopilotDeploymentProfile")
DEVICE_IDENTITY = entity("windowsAutopilotDeviceIdentity")
AUTOPILOT_SETTINGS = entity("windowsAutopilotSettings")
_PROFILES = "deviceManagement/windowsAutopilotDeploymentProfiles"

SYNCHRONIZATION = Routes(
    "deviceManagement/windowsAutopilotSettings",
    type=AUTOPILOT_SETTINGS,
    read=needs.READ_SERVICE,
    write=needs.WRITE_SERVICE,
    beta_only=True,
    fidelity=approximated("a synchronisation takes half a minute of the clock, and brings statuses up to date"),
)
_CHANGED = ("userPrincipalName", "addressableUserName", "groupTag", "displayName", "deviceAccountUpn")
_USER = ("userPrincipalName", "addressableUserName")
_LIST = "importedWindowsAutopilotDeviceIdentities"


def _profiles(call: Call, connection: Connection, rows: Sequence[ResourceRow]) -> list[Json | None]:
    return [_profile(call, connection, row=row) for row in rows]


def _profile(call: Call, connection: Connection, *, row: ResourceRow) -> Json | None:
    ids = row.document.get(BOUND, {}).get("deploymentProfile") or []
    if not ids:
        return None
    profile = resources.found(connection, call.tenant, rules=DEPLOYMENT_PROFILES, key=ids[0])
    return {**profile.document, "@odata.type": entity(profile.kind).odata_type}


def _assigned_profiles(call: Call, connection: Connection, rows: Sequence[ResourceRow]) -> list[Json | None]:
    return [_profile(call, connection, row=row) if _is_assigned(row) else None for row in rows]


def _is_assigned(row: ResourceRow) -> bool:
    return row.document["deploymentProfileAssignmentStatus"] in ASSIGNED


#: A profile that is pending is intended.
PARTS: tuple[Part[ListedResourceRow], ...] = (
    Part("deploymentProfile", DEPLOYMENT_PROFILE, _assigned_profiles, entity_of=type_of),
    Part("intendedDeploymentProfile", DEPLOYMENT_PROFILE, _profiles, entity_of=type_of),
)


async def get_profile(call: Call) -> Answer:
    """GET .../{identity}/deploymentProfile: 404 without one, and while it is pending."""
    return await _answered(call, is_pending_enough=False)


async def get_intended_profile(call: Call) -> Answer:
    """GET .../{identity}/intendedDeploymentProfile: 404 without one."""
    return await _answered(call, is_pending_enough=True)


async def _answered(call: Call, *, is_pending_enough: bool) -> Answer:
    check_options(call, DEPLOYMENT_PROFILE)

    def read(connection: Connection) -> Json | None:
        row = resources.found(connection, call.tenant, rules=IDENTITIES, key=call.keys["resource"])
        return _profile(call, connection, row=row) if is_pending_enough or _is_assigned(row) else None

    profile = await call.read(read)
    if profile is None:
        raise NotFound(f"The Autopilot device '{call.keys['resource']}' has no deployment profile.")
    value = view(type_of(profile), profile, version=call.version, select=call.query.select)
    return entity_answer(call, value, context=_PROFILES)


async def list_assigned_devices(call: Call) -> Answer:
    """GET .../{profile}/assignedDevices."""
    context = f"{_PROFILES}('{call.keys['resource']}')/assignedDevices"
    return list_documents(call, await _assigned_devices(call), entity=DEVICE_IDENTITY, context=context)


async def count_assigned_devices(call: Call) -> Answer:
    """GET .../{profile}/assignedDevices/$count."""
    return count_documents(call, await _assigned_devices(call), entity=DEVICE_IDENTITY)


async def _assigned_devices(call: Call) -> list[Json]:

    def read(connection: Connection) -> list[Json]:
        profile = resources.found(connection, call.tenant, rules=DEPLOYMENT_PROFILES, key=call.keys["resource"])
        rows = queries.resources_of_family(connection, call.tenant.id, family=IDENTITIES.name)
        return [row.document for row in rows if profile.id in row.document.get(BOUND, {}).get("deploymentProfile", [])]

    return await call.read(read)


async def import_all(call: Call) -> Answer:
    """POST .../import: many at once, all or none."""
    shape = entity("importedWindowsAutopilotDeviceIdentity")
    sent = call.body().get(_LIST)
    if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
        raise Invalid(f'The body must be {{"{_LIST}": [...]}}.', target=_LIST)
    documents = [{**defaults(shape), **accept(shape, each, partial=False, version=call.version)} for each in sent]
    rows = await call.run(operations.import_all, documents)
    values = [view(shape, row.document, version=call.version) for row in rows]
    return collection_answer(call, values, context=f"Collection({shape.full_name})")


async def update_device_properties(call: Call) -> Answer:
    """POST .../{identity}/updateDeviceProperties: what is sent changes, the rest stays."""
    body = call.body()
    changes = {name: body[name] for name in _CHANGED if name in body}
    await call.run(operations.change_identity, call.keys["resource"], changes=changes)
    return NO_CONTENT


async def assign_user(call: Call) -> Answer:
    """POST .../{identity}/assignUserToDevice."""
    body = call.body()
    if not body.get("userPrincipalName"):
        raise Invalid("A value is required for property 'userPrincipalName'.", target="userPrincipalName")
    changes = {name: body.get(name) for name in _USER}
    await call.run(operations.change_identity, call.keys["resource"], changes=changes)
    return NO_CONTENT


async def unassign_user(call: Call) -> Answer:
    """POST .../{identity}/unassignUserFromDevice."""
    await call.run(operations.change_identity, call.keys["resource"], changes=dict.fromkeys(_USER))
    return NO_CONTENT


async def give_profile(call: Call) -> Answer:
    """POST .../{profile}/assign: to identities, not to groups."""
    ids = call.body().get("deviceIds")
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise Invalid('The body must be {"deviceIds": ["<id>", ...]}.', target="deviceIds")
    await call.run(operations.give_profile, call.keys["resource"], identity_ids=ids)
    return NO_CONTENT


@SYNCHRONIZATION.get()
async def get_settings(call: Call) -> Answer:
    """Get when Autopilot devices were synchronised."""
    check_options(call, AUTOPILOT_SETTINGS)
    row = await call.read(lambda connection: resources.found(connection, call.tenant, rules=SETTINGS, key=SETTINGS_ID))
    value = view(AUTOPILOT_SETTINGS, row.document, version=call.version, select=call.query.select)
    return entity_answer(call, value, context="deviceManagement/windowsAutopilotSettings")


@SYNCHRONIZATION.action("/sync", status=204)
async def synchronize(call: Call) -> Answer:
    """Synchronise Autopilot devices.

    409 while one runs, 429 within ten minutes of the last.
    """
    await call.run(operations.synchronize)
    return NO_CONTENT


_AUDIT = ("Enrollment", "Enrollment")
_USED = approximated("a PC that asks enrols with it; of what the set-up shows nothing is emulated, and no hybrid join")
_IMPORTED = approximated(
    "an import takes half a minute of the clock; a device is known by its serial number, its hash is not read"
)
_KNOWN = approximated("a profile is pending for half a minute of the clock; a user is kept without effect")
_WITH_A_PROFILE = approximated(
    "the last 1,000 enrolments with a profile: those that went well or that a restriction refused; no status page"
)


def _read(name: str, handler: Handler, *, summary: str, returns: str = "", many: bool = False) -> Action:
    """A navigation that is computed."""
    return Action(
        name, handler, summary, method="GET", reads=True, status=200, returns=returns, many=many, fidelity=_KNOWN
    )


HEADING = "Windows Autopilot"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/windowsAutopilotDeploymentProfiles",
        "windowsAutopilotDeploymentProfile",
        "an Autopilot deployment profile",
        rules.DEPLOYMENT_PROFILES,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.AUTOPILOT,
        assigned=Assigned("windowsAutopilotDeploymentProfileAssignment", verbs="list get create delete", action=False),
        actions=(
            Action(
                "assign",
                give_profile,
                "Give an Autopilot deployment profile to devices",
                required="deviceIds",
            ),
            _read(
                "assignedDevices",
                list_assigned_devices,
                summary="List the Autopilot devices that have a deployment profile",
                returns="windowsAutopilotDeviceIdentity",
                many=True,
            ),
            _read("assignedDevices/$count", count_assigned_devices, summary="Count them"),
        ),
        fidelity=_USED,
    ),
    Family(
        "deviceManagement/windowsAutopilotDeviceIdentities",
        "windowsAutopilotDeviceIdentity",
        "an Autopilot device",
        rules.IDENTITIES,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.AUTOPILOT,
        verbs="list get delete",
        actions=(
            Action(
                "updateDeviceProperties",
                update_device_properties,
                "Change what is said of an Autopilot device",
            ),
            Action("assignUserToDevice", assign_user, "Give an Autopilot device to a user"),
            Action("unassignUserFromDevice", unassign_user, "Take an Autopilot device from its user"),
            _read(
                "deploymentProfile",
                get_profile,
                summary="Get the deployment profile of an Autopilot device",
                returns="windowsAutopilotDeploymentProfile",
            ),
            _read(
                "intendedDeploymentProfile",
                get_intended_profile,
                summary="Get the deployment profile that an Autopilot device has, or is to have",
                returns="windowsAutopilotDeploymentProfile",
            ),
        ),
        hooks=IDENTITY_HOOKS,
        parts=PARTS,
        only_on_items="deploymentProfile intendedDeploymentProfile",
        hidden_in_lists="lastContactedDateTime",
        fidelity=_KNOWN,
    ),
    Family(
        "deviceManagement/importedWindowsAutopilotDeviceIdentities",
        "importedWindowsAutopilotDeviceIdentity",
        "an imported Autopilot device",
        rules.IMPORTS,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.AUTOPILOT,
        verbs="list get create delete",
        actions=(
            Action(
                "import",
                import_all,
                "Import many Autopilot devices",
                on_all=True,
                creates=True,
                status=200,
                returns="importedWindowsAutopilotDeviceIdentity",
                many=True,
                fidelity=_IMPORTED,
            ),
        ),
        hooks=IMPORT_HOOKS,
        fidelity=_IMPORTED,
    ),
    Family(
        "deviceManagement/autopilotEvents",
        "deviceManagementAutopilotEvent",
        "an Autopilot event",
        rules.EVENTS,
        read=needs.READ_MANAGED,
        write=needs.WRITE_MANAGED,
        audit=_AUDIT,
        without=reasons.AUTOPILOT,
        verbs="list get",
        fidelity=_WITH_A_PROFILE,
    ),
)
