"""The directory as a whole, and subscriptions to its changes.

The directory as a whole: users and groups, Entra devices, any object, and what the tenant says of itself.

Subscriptions to changes of the directory. Which permission is needed, the resource decides.

#: data
"""

from __future__ import annotations

from fauxtune.core.errors import NotEmulated
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import Entity, approximated, refused
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Answer, Call, Handler
from fauxtune.surfaces.graph.resources import changes, directory_objects, tenant
from fauxtune.surfaces.graph.resources.changes import SUBSCRIPTION
from fauxtune.surfaces.graph.routes.applications import APPLICATIONS
from fauxtune.surfaces.graph.routes.collections import read_collection
from fauxtune.surfaces.graph.routes.families import routes_of_own
from fauxtune.surfaces.graph.routes.groups import (
    GROUP,
    GROUPS,
    ONE_OWNER,
    checks,
    lists,
    of_member,
    references,
)
from fauxtune.surfaces.graph.routes.users import USER, USERS

DEVICE = entity("device")
DIRECTORY_OBJECT = entity("directoryObject")
DOMAIN = entity("domain")
ORGANIZATION = entity("organization")
SUBSCRIBED_SKU = entity("subscribedSku")

_OBJECTS_ALONE = approximated("users, groups, devices and service principals: no other kinds")
_ONE_PRODUCT = approximated("one product, Intune Plan 1, of which there is a million")


def _by_ids(collection: str) -> Route[Handler]:
    """Bound to any collection of directory objects, it gives whatever has the ids."""
    return Route(
        "POST",
        f"{collection}/getByIds",
        directory_objects.get_by_ids,
        "Get directory objects by their ids",
        returns=DIRECTORY_OBJECT,
        many=True,
        permissions=needs.READ_OBJECTS,
        source="Graph: directoryObject: getByIds",
        fidelity=_OBJECTS_ALONE,
    )


_ONE_DEVICE = "devices/{device}"
DEVICES: tuple[Route[Handler], ...] = (
    *routes_of_own(directory_objects.DEVICES),
    *of_member(_ONE_DEVICE, kind="device", permissions=needs.READ_DEVICES),
    *lists(
        f"{_ONE_DEVICE}/registeredOwners",
        "registeredOwners",
        what="whose the device is",
        permissions=needs.READ_DEVICES,
        source="Graph: device: list registeredOwners",
        fidelity=ONE_OWNER,
    ),
    references(
        f"{_ONE_DEVICE}/registeredOwners",
        "registeredOwners",
        what="whose the device is",
        permissions=needs.READ_DEVICES,
        source="Graph: device: list registeredOwners",
        fidelity=ONE_OWNER,
    ),
    *lists(
        f"{_ONE_DEVICE}/registeredUsers",
        "registeredUsers",
        what="who uses the device",
        permissions=needs.READ_DEVICES,
        source="Graph: device: list registeredUsers",
        fidelity=ONE_OWNER,
    ),
    references(
        f"{_ONE_DEVICE}/registeredUsers",
        "registeredUsers",
        what="who uses the device",
        permissions=needs.READ_DEVICES,
        source="Graph: device: list registeredUsers",
        fidelity=ONE_OWNER,
    ),
)

_ONE_OBJECT = "directoryObjects/{object}"
OBJECTS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        _ONE_OBJECT,
        directory_objects.get_object,
        "Get any directory object",
        returns=DIRECTORY_OBJECT,
        permissions=needs.READ_OBJECTS,
        source="Graph: directoryObject: get",
    ),
    Route(
        "DELETE",
        _ONE_OBJECT,
        directory_objects.delete_object,
        "Delete any directory object",
        status=204,
        permissions=needs.WRITE_OBJECTS,
        source="Graph: directoryObject: delete",
        fidelity=directory_objects.AT_ONCE,
    ),
    *(_by_ids(collection) for collection in ("directoryObjects", "users", "groups", "devices", "organization")),
    *checks(_ONE_OBJECT, permissions=needs.READ_OBJECTS),
)

_LESS = approximated("one domain, no plans and no contacts")
ORGANIZATIONS: tuple[Route[Handler], ...] = (
    *read_collection(
        "organization",
        tenant.ORGANIZATIONS,
        summaries=("The organisation", "Count the organisations: one", "Get the organisation"),
        returns=ORGANIZATION,
        permissions=needs.READ_ORGANIZATION,
        source="Graph: organization: list",
        source_of_element="Graph: organization: get",
        fidelity=_LESS,
        fidelity_of_count=_LESS,
    ),
    *read_collection(
        "domains",
        tenant.DOMAINS,
        summaries=("List domains", "Count the domains: one", "Get a domain"),
        returns=DOMAIN,
        permissions=needs.READ_DOMAINS,
        source="Graph: domain: list",
        source_of_element="Graph: domain: get",
        fidelity=_LESS,
        fidelity_of_count=_LESS,
    ),
    Route(
        "GET",
        "subscribedSkus",
        tenant.list_skus,
        "List the tenant's licences",
        returns=SUBSCRIBED_SKU,
        many=True,
        permissions=needs.READ_LICENSES,
        source="Graph: subscribedSku: list",
        fidelity=_ONE_PRODUCT,
    ),
    Route(
        "GET",
        "subscribedSkus/{sku}",
        tenant.get_sku,
        "Get a licence of the tenant",
        returns=SUBSCRIBED_SKU,
        permissions=needs.READ_LICENSES,
        source="Graph: subscribedSku: get",
        fidelity=_ONE_PRODUCT,
    ),
)


_TRACKED = "changes are tracked of users, groups and devices"


async def _no_delta(call: Call) -> Answer:
    raise NotEmulated(f"{call.path} is not emulated: {_TRACKED} (see docs/coverage.md).")


def _no_changes(collection: str) -> Route[Handler]:
    why = refused(_TRACKED)
    return Route("GET", f"{collection}/delta", _no_delta, f"Changes of {collection}", status=501, fidelity=why)


def _changes(kind: Entity, permissions: tuple[str, ...]) -> Route[Handler]:
    return Route(
        "GET",
        f"{kind.name}s/delta",
        changes.delta(kind.name),
        f"What has changed of {kind.name}s",
        returns=kind,
        many=True,
        permissions=permissions,
        source=f"Graph: {kind.name}: delta; Use delta query to track changes in Microsoft Graph data",
        fidelity=approximated("a deleted object is gone at once; who was a user's manager is not told"),
        dated=True,
    )


CHANGES: tuple[Route[Handler], ...] = (
    _changes(USER, needs.READ_USERS),
    _changes(GROUP, needs.READ_GROUPS),
    _changes(DEVICE, needs.READ_DEVICES),
)

REFUSED: tuple[Route[Handler], ...] = (
    _no_changes("directoryObjects"),
    _no_changes("organization"),
)

DIRECTORY: tuple[Route[Handler], ...] = (
    *USERS,
    *GROUPS,
    *DEVICES,
    *OBJECTS,
    *ORGANIZATIONS,
    *APPLICATIONS,
    *CHANGES,
    *REFUSED,
)


_ALL = "subscriptions"
_ONE = f"{_ALL}/{{subscription}}"
#: Any of them; creating one needs the permission to read what is subscribed to.
_ANY = tuple(dict.fromkeys((*needs.READ_USERS, *needs.READ_GROUPS, *needs.READ_DEVICES)))
_CHANGES = approximated(
    "users, groups and devices, by webhooks without resource data; the only lifecycle event is reauthorizationRequired"
)

SUBSCRIPTIONS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        _ALL,
        changes.list_subscriptions,
        "List the application's subscriptions",
        returns=SUBSCRIPTION,
        many=True,
        permissions=_ANY,
        source="Graph: subscription: list",
        dated=True,
    ),
    Route(
        "POST",
        _ALL,
        changes.create_subscription,
        "Subscribe to changes, once the receiver has answered",
        accepts=SUBSCRIPTION,
        returns=SUBSCRIPTION,
        status=201,
        permissions=_ANY,
        source="Graph: subscription: create; Receive change notifications through webhooks",
        fidelity=_CHANGES,
    ),
    Route(
        "GET",
        _ONE,
        changes.get_subscription,
        "Get a subscription",
        returns=SUBSCRIPTION,
        permissions=_ANY,
        source="Graph: subscription: get",
        dated=True,
    ),
    Route(
        "PATCH",
        _ONE,
        changes.update_subscription,
        "Renew a subscription",
        accepts=SUBSCRIPTION,
        returns=SUBSCRIPTION,
        permissions=_ANY,
        source="Graph: subscription: update",
        fidelity=_CHANGES,
    ),
    Route(
        "POST",
        f"{_ONE}/reauthorize",
        changes.reauthorize,
        "Authorise a subscription again",
        status=204,
        permissions=_ANY,
        source="Graph: subscription: reauthorize",
        fidelity=approximated("nothing ends without it"),
    ),
    Route(
        "DELETE",
        _ONE,
        changes.delete_subscription,
        "Delete a subscription",
        status=204,
        permissions=_ANY,
        source="Graph: subscription: delete",
    ),
)
