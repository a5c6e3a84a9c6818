"""Changes of the directory: subscriptions, their notifications, and the tokens of delta queries.

Change notifications: which resources can be subscribed to, for how long, and what a notification says.

Graph: changeNotification; "Set up notifications for changes in resource data" (2024-12-27), "Receive change
notifications through webhooks" (2023-03-23), "Reduce missing change notifications and removed subscriptions"
(2024-12-20).

The tokens of delta queries: $skiptoken leads to the next page of a round, $deltatoken to the next round.

Opaque to clients (Graph: "Use delta query to track changes in Microsoft Graph data"). They contain what the first
request asked for, so that the others need not repeat it. Nothing in them is secret, or believed without a check. When
one is too old: `operations/directory/changes.py`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import Invalid, NotEmulated

#: The longest life of a subscription to the directory, and the shortest: shorter ones are made as long.
LONGEST, SHORTEST = timedelta(minutes=41_760), timedelta(minutes=45)
#: Subscriptions of one application in a tenant, and of all.
MOST_OF_APPLICATION, MOST_OF_TENANT = 100, 1000
_CHANGES = ("created", "updated", "deleted")
_LONGEST_STATE = 128
_PATH = re.compile(
    r"/?(?P<collection>users|groups|devices)(?:/(?P<key>[^/?]+)|\('(?P<quoted>[^'/?]+)'\))?(?:/(?P<relation>members|owners))?/?",
    re.IGNORECASE,
)
_TYPES = {"user": "User", "group": "Group", "device": "Device"}
#: What else Graph lets clients subscribe to: none of it is here.
_ELSEWHERE = re.compile(
    r"/?(me|chats|teams|communications|sites|drives|print|security|appCatalogs|users/[^/]+/.+|groups/[^/]+/conversations)"
    r"(/|\?|$)",
    re.IGNORECASE,
)
#: A subscription is to be authorised again when so much of its life is left, or a quarter of it, if that is less.
#: Unverified: when exactly the service asks for it.
_REAUTHORIZE = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Watched:
    """What a subscription watches: all objects of a kind, or one, or the members or owners of one group."""

    kind: str
    object_id: str | None = None
    relation: str | None = None

    def change_of(self, kind: str, object_id: str, *, change: str, wanted: tuple[str, ...]) -> str | None:
        """Return the changeType of the notification for a change; None: the subscription is not about it.

        The document: `updated` is told of what is created and deleted, too. Unverified: that whoever has subscribed to
        both types hears of one change once.
        """
        if kind != self.kind or self.object_id not in (None, object_id):
            return None
        relation = {"member": "members", "owner": "owners"}.get(change.partition("A")[0].partition("R")[0])
        if self.relation is not None:
            return "updated" if relation == self.relation and "updated" in wanted else None
        own = "updated" if relation is not None else change
        return own if own in wanted else "updated" if "updated" in wanted else None


def watched(resource: str) -> Watched:
    """Return what a resource names. Raises NotEmulated for what Graph has and the emulator does not, Invalid for
    anything else.
    """
    match = _PATH.fullmatch(resource)
    if match is None:
        if re.match(r"/?deviceManagement(/|$)", resource, re.IGNORECASE):
            raise Invalid(
                f"Resource '{resource}' is not supported: Graph has no change notifications of Intune's objects. "
                "Subscribe to devices, users or groups.",
                target="resource",
            )
        if _ELSEWHERE.match(resource):
            raise NotEmulated(
                f"Change notifications of '{resource}' are not emulated: of users, groups, devices they are."
            )
        raise Invalid(
            f"Resource '{resource[:200]}' is not supported: use users, groups, devices, one of them by its id, or the "
            "members or owners of a group. Filters are not supported.",
            target="resource",
        )
    kind = match["collection"].lower().removesuffix("s")
    key = match["key"] or match["quoted"]
    if match["relation"] is not None and (kind != "group" or key is None):
        raise Invalid(f"Resource '{resource}' is not supported: a group has members and owners.", target="resource")
    return Watched(kind, None if key is None else key.lower(), (match["relation"] or "").lower() or None)


def change_types(text: str) -> tuple[str, ...]:
    """Return the types in `created,updated`. Raises Invalid for another word."""
    words = tuple(dict.fromkeys(word.strip().lower() for word in text.split(",")))
    if not words or any(word not in _CHANGES for word in words):
        raise Invalid(
            f"changeType '{text[:100]}' is not supported: use {', '.join(_CHANGES)}, separated by commas.",
            target="changeType",
        )
    return words


def expiration(text: str, *, now: datetime) -> datetime:
    """Return when a subscription ends. Raises Invalid for a moment that is over or too far away."""
    end = from_iso(text)
    if end <= now:
        raise Invalid(
            f"Subscription expiration must be in the future: it is {iso(now)} in this tenant.",
            target="expirationDateTime",
        )
    if end > now + LONGEST:
        minutes = int(LONGEST.total_seconds() // 60)
        raise Invalid(
            f"Subscription expiration can only be {minutes} minutes in the future.", target="expirationDateTime"
        )
    return max(end, now + SHORTEST)


def check_unsupported(document: Mapping[str, Any]) -> None:
    """Raise Invalid or NotEmulated for what no subscription here has."""
    state = document.get("clientState")
    if isinstance(state, str) and len(state) > _LONGEST_STATE:
        raise Invalid(f"clientState has {_LONGEST_STATE} characters at most.", target="clientState")
    if document.get("includeResourceData") or document.get("encryptionCertificate"):
        raise NotEmulated(
            "Notifications with encrypted resource data are not emulated, and the directory's objects have none in the "
            "real service: leave out includeResourceData and encryptionCertificate, and GET the resource."
        )
    for name in ("notificationQueryOptions", "notificationUrlAppId"):
        if document.get(name):
            raise NotEmulated(f"{name} is not emulated: leave it out.")


def reauthorize_at(created: datetime, *, expires: datetime) -> datetime:
    """Return when the client is asked to authorise a subscription again."""
    return expires - min(_REAUTHORIZE, (expires - created) / 4)


def notification(
    subscription: Mapping[str, Any], *, tenant_id: str, notification_id: str, kind: str, object_id: str, change: str
) -> dict[str, Any]:
    """Return a notification of a change. It names the object, and has none of its properties."""
    place = f"{_TYPES[kind]}s/{object_id}"
    return {
        **_of(subscription, tenant_id=tenant_id),
        "id": notification_id,
        "changeType": change,
        "resource": place,
        "resourceData": {
            "@odata.type": f"#Microsoft.Graph.{_TYPES[kind]}",
            "@odata.id": place,
            "id": object_id,
            "organizationId": tenant_id,
        },
    }


def of_relation(document: dict[str, Any], *, relation: str, member_id: str, is_gone: bool) -> dict[str, Any]:
    """Return a notification that says who joined or left the group. Unverified: the form of what is removed."""
    member = {"id": member_id, **({"@removed": "deleted"} if is_gone else {})}
    return {**document, "resourceData": {**document["resourceData"], f"{relation}@delta": [member]}}


def lifecycle(subscription: Mapping[str, Any], *, tenant_id: str, event: str) -> dict[str, Any]:
    """Return a lifecycle notification."""
    return {**_of(subscription, tenant_id=tenant_id), "lifecycleEvent": event}


def _of(subscription: Mapping[str, Any], *, tenant_id: str) -> dict[str, Any]:
    return {
        "subscriptionId": subscription["id"],
        "subscriptionExpirationDateTime": subscription["expirationDateTime"],
        "clientState": subscription.get("clientState"),
        "tenantId": tenant_id,
    }


_LONGEST = 16_000


@dataclass(frozen=True, slots=True)
class DeltaToken:
    """Where a client is. `epoch` and `seq`: the last change that it knows; `issued`: when, as text. `after`: the last
    object of the first round, None where the changes are read. `select` and `among`: the properties and the objects
    that the client asks for, None: all of them.
    """

    kind: str
    epoch: str
    seq: int
    issued: str
    after: tuple[str, str] | None = None
    is_first_round: bool = False
    select: tuple[str, ...] | None = None
    among: tuple[str, ...] | None = None

    def written(self) -> str:
        """Return the token as text."""
        text = json.dumps(asdict(self), separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_token(text: str, *, kind: str, option: str) -> DeltaToken:
    """Return a token that was given out for objects of this kind. Raises Invalid, with the option as target, for
    anything else.
    """
    try:
        if len(text) > _LONGEST:
            raise ValueError
        known = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        token = _token(known)
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        raise _unknown(option) from None
    if token.kind != kind:
        raise _unknown(option)
    return token


def _token(known: dict[str, Any]) -> DeltaToken:
    after, select, among = known["after"], known["select"], known["among"]
    texts = [known["kind"], known["epoch"], known["issued"], *(after or ()), *(select or ()), *(among or ())]
    if not all(isinstance(text, str) for text in texts) or type(known["seq"]) is not int:
        raise ValueError
    if after is not None and len(after) != 2:
        raise ValueError
    return DeltaToken(
        known["kind"],
        known["epoch"],
        known["seq"],
        known["issued"],
        after=None if after is None else (after[0], after[1]),
        is_first_round=known["is_first_round"] is True,
        select=None if select is None else tuple(select),
        among=None if among is None else tuple(among),
    )


def _unknown(option: str) -> Invalid:
    return Invalid("Badly formed token: it is not one that this service gave out for this collection.", target=option)
