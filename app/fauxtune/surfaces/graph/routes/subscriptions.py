"""Subscriptions to changes of the directory. Which permission is needed, the resource decides.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.fidelity import approximated
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import changes
from fauxtune.surfaces.graph.resources.changes import SUBSCRIPTION

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
