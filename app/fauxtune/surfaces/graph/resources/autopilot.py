"""What Windows Autopilot's collections can do beside what every resource can. Graph: windowsAutopilotDeviceIdentity:
updateDeviceProperties, assignUserToDevice, unassignUserFromDevice; importedWindowsAutopilotDeviceIdentity: import;
windowsAutopilotDeploymentProfile: assign, assignedDevices.
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.profiles import autopilot as operations
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call
from fauxtune.surfaces.graph.lists import collection_answer

_CHANGED = ("userPrincipalName", "addressableUserName", "groupTag", "displayName", "deviceAccountUpn")
_USER = ("userPrincipalName", "addressableUserName")
_LIST = "importedWindowsAutopilotDeviceIdentities"


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
