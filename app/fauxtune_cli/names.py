"""Names in place of ids: which user, group, device, profile ... the words of a command line mean.

An object is meant by its id, the beginning of its id (6 characters or more), its name, or another of its names, such as
the part of a user's name before the @. Capital letters make a difference only if nothing else does. A name that fits
several objects lists them; for an unknown name similar ones are listed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fauxtune.core.administration.approvals import POLICIES, REQUESTS
from fauxtune.core.administration.devices import DEVICES
from fauxtune.core.administration.directory import GROUPS, USERS
from fauxtune.core.model.words.device_words import system_words
from fauxtune_cli.options import SHORT, one_line
from fauxtune_client.endpoints import ClientError
from fauxtune_client.http import Client
from fauxtune_client.marks import read_marks

_SHORTEST_PREFIX = 6
_SHORTEST_MARK = 4
_MOST_LISTED = 10
_MOST_SIMILAR = 5
TEMPLATES = "/authorities/issuing/templates"
_LARGEST_PAGE, _SMALL_PAGE = "999", "50"
#: As `core.administration.profiles` has it, which knows all kinds of profiles and takes its time to load.
PROFILES = "/deviceManagement/deviceConfigurations"
_SELECTED = {
    USERS: {"$select": "id,displayName,userPrincipalName"},
    GROUPS: {"$select": "id,displayName,description"},
    DEVICES: {"$select": "id,deviceName,serialNumber,operatingSystem,userPrincipalName"},
    PROFILES: {},
}


class NotOne(ClientError):
    """The name fits no object, or `several`."""

    def __init__(self, message: str, *, several: bool = False) -> None:
        super().__init__(message)
        self.several = several


@dataclass(frozen=True, slots=True)
class Named:
    """An object: its id, its name, its other names, a few words that tell it from others, and its document."""

    id: str
    name: str
    others: tuple[str, ...] = ()
    about: str = ""
    document: dict[str, Any] = field(default_factory=dict, repr=False)


def choose(wanted: str, candidates: Iterable[Named], *, kind: str) -> Named:
    """Return the object that `wanted` means. `kind`: what the objects are, in the singular. Raises NotOne."""
    known = list(candidates)
    folded = wanted.casefold()
    for fits in (
        [candidate for candidate in known if candidate.id == wanted],
        [candidate for candidate in known if candidate.name == wanted],
        [
            candidate
            for candidate in known
            if folded in (name.casefold() for name in (candidate.name, *candidate.others))
        ],
        [candidate for candidate in known if _begins(candidate.id, folded)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise NotOne(_several(wanted, fits, kind=kind), several=True)
    raise NotOne(_unknown(wanted, known, kind=kind))


def user(client: Client, wanted: str) -> Named:
    """Return the user with this userPrincipalName, its part before the @, display name or id."""
    return choose(wanted, users(client), kind="user")


def group(client: Client, wanted: str) -> Named:
    """Return the group with this display name or id."""
    return choose(wanted, groups(client), kind="group")


def device(client: Client, wanted: str) -> Named:
    """Return the managed device with this name, serial number or id. There may be thousands: all are read only if none
    has exactly this name.
    """
    exact = _devices(_page(client, DEVICES, condition=f"deviceName eq {_quoted(wanted)}"))
    return choose(wanted, exact or devices(client), kind="device")


def profile(client: Client, wanted: str) -> Named:
    """Return the profile with this display name or id."""
    return choose(wanted, profiles(client), kind="profile")


def device_or_enrolment(client: Client, wanted: str) -> tuple[str, bool]:
    """Return the id of the managed device with this name or id, and True; else of an enrolment whose record is deleted,
    and False. The control surface knows both.
    """
    try:
        return device(client, wanted).id, True
    except NotOne as error:
        if error.several:
            raise
    return choose(wanted, enrolments(client), kind="device").id, False


def approval(client: Client, wanted: str) -> Named:
    """Return the request for approval whose id begins so."""
    rows = client.graph_list(REQUESTS)
    return choose(wanted, [Named(row["id"], row["id"], document=row) for row in rows], kind="request for approval")


def approval_policy(client: Client, wanted: str) -> Named:
    """Return the approval policy with this display name or id."""
    rows = client.graph_list(POLICIES)
    known = [Named(row["id"], row["displayName"], about=row["policyType"], document=row) for row in rows]
    return choose(wanted, known, kind="approval policy")


def tenant(client: Client, wanted: str) -> Named:
    """Return the tenant with this name, domain or id."""
    return choose(wanted, tenants(client), kind="tenant")


def template(client: Client, wanted: str) -> Named:
    """Return the certificate template of the issuing authority with this name or display name."""
    return choose(wanted, templates(client), kind="template")


def connector(client: Client, wanted: str) -> Named:
    """Return the certificate connector with this name or id."""
    return choose(wanted, connectors(client), kind="connector")


def certificate(client: Client, wanted: str) -> Named:
    """Return the certificate whose thumbprint or serial number begins so, one with this mark, or a user's last."""
    folded = "".join(each for each in wanted.casefold() if each.isalnum())
    candidates = certificates(client)
    for fits in (
        [candidate for candidate in candidates if folded in (candidate.id, *candidate.others)],
        [
            candidate
            for candidate in candidates
            if any(_begins(mark, folded) for mark in (candidate.id, *candidate.others))
        ],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise NotOne(_several(wanted, fits, kind="certificate"))
    owner = _owner(client, wanted)
    marked = None if owner is not None else _marked(client, wanted, among=candidates)
    if marked is not None:
        return marked
    newest = next(
        (candidate for candidate in candidates if owner and candidate.document["userPrincipalName"] == owner.name), None
    )
    if newest is not None:
        return newest
    if owner is not None:
        raise NotOne(f"The CA issued no certificate for {one_line(owner.name)}.")
    raise NotOne(
        f"There is no certificate '{one_line(wanted)}': write its thumbprint or serial number, or the beginning of it "
        f"({_SHORTEST_PREFIX} characters or more), its mark, or a user's name for the user's newest certificate."
    )


def _marked(client: Client, wanted: str, *, among: list[Named]) -> Named | None:
    """Return the certificate with this mark; None without one."""
    if not (wanted.isascii() and wanted.isalpha() and len(wanted) >= _SHORTEST_MARK):
        return None
    marks = read_marks(client, [candidate.id for candidate in among])
    return next((candidate for candidate in among if marks.of(candidate.id).letters == wanted.upper()), None)


def _owner(client: Client, wanted: str) -> Named | None:
    """The user with this name; None without one. Raises NotOne for several."""
    known = users(client)
    folded = wanted.casefold()
    is_name = any(
        folded in (candidate.name.casefold(), *(name.casefold() for name in candidate.others)) for candidate in known
    )
    return choose(wanted, known, kind="user") if is_name else None


def users(client: Client, begins: str | None = None) -> list[Named]:
    """Return all users, or the first of those whose userPrincipalName begins so."""
    return [
        Named(
            each["id"],
            each["userPrincipalName"],
            others=(each["userPrincipalName"].partition("@")[0], each["displayName"] or ""),
            about=each["displayName"] or "",
            document=each,
        )
        for each in _graph(client, USERS, name="userPrincipalName", begins=begins)
    ]


def groups(client: Client, begins: str | None = None) -> list[Named]:
    """Return all groups, or the first of those whose name begins so."""
    rows = _graph(client, GROUPS, name="displayName", begins=begins)
    return [Named(row["id"], row["displayName"], about=row["description"] or "", document=row) for row in rows]


def devices(client: Client, begins: str | None = None) -> list[Named]:
    """Return all managed devices, or the first of those whose name begins so."""
    return _devices(_graph(client, DEVICES, name="deviceName", begins=begins))


def _devices(rows: list[dict[str, Any]]) -> list[Named]:
    return [
        Named(
            row["id"],
            row["deviceName"] or row["id"],
            others=(row["serialNumber"],) if row["serialNumber"] else (),
            about=f"{system_words(row['operatingSystem'])}, {row['userPrincipalName'] or 'no user'}",
            document=row,
        )
        for row in rows
    ]


def profiles(client: Client, begins: str | None = None) -> list[Named]:
    """Return all profiles, or the first of those whose name begins so."""
    return [
        Named(each["id"], each["displayName"], about=each["@odata.type"].rpartition(".")[2], document=each)
        for each in _graph(client, PROFILES, name="displayName", begins=begins)
    ]


def enrolments(client: Client) -> list[Named]:
    """Return all enrolments, those that have ended, too."""
    return [
        Named(
            each["id"],
            each["deviceName"] or each["id"],
            others=(each["managedDeviceId"],) if each["managedDeviceId"] else (),
            about=f"{each['variant']}, {each['user'] or 'no user'}, {each['state']}",
            document=each,
        )
        for each in client.control_list("/devices")
    ]


def tenants(client: Client) -> list[Named]:
    """Return all tenants of the server."""
    rows = client.emulator("GET", "/tenants")["value"]
    return [Named(row["id"], row["name"], (row["domain"],), about=row["domain"], document=row) for row in rows]


def lab(client: Client, wanted: str) -> str:
    """Return the name of the only lab that begins so; what is wanted itself for any other word: the server knows what
    it is most like.
    """
    known = [str(item["name"]) for item in client.control("GET", "/labs")["value"]]
    begins = [name for name in known if name.startswith(wanted.casefold())]
    return begins[0] if wanted not in known and len(begins) == 1 else wanted


def snapshots(client: Client) -> list[Named]:
    """Return the snapshots of the tenant."""
    rows = client.control("GET", "/snapshots")["value"]
    return [Named(row["name"], row["name"], about=f"{row['users']} users, {row['devices']} devices") for row in rows]


def templates(client: Client) -> list[Named]:
    """Return the certificate templates of the issuing authority."""
    rows = client.control("GET", TEMPLATES)["value"]
    return [Named(row["name"], row["name"], (row["displayName"],), document=row) for row in rows]


def labs(client: Client) -> list[Named]:
    """Return all labs of the server."""
    return [Named(item["name"], item["name"], about=item["title"]) for item in client.control("GET", "/labs")["value"]]


def connectors(client: Client) -> list[Named]:
    """Return the certificate connectors."""
    rows = client.control_list("/connectors")
    return [Named(row["id"], row["name"], about=row["state"], document=row) for row in rows]


def certificates(client: Client) -> list[Named]:
    """Return the certificates that the CA issued, the newest first. Their ids are their thumbprints."""
    rows = client.control("GET", "/certificates")["value"]
    return [
        Named(
            row["thumbprint"],
            row["userPrincipalName"] or row["subject"] or "",
            (row["serial"],),
            about=f"{row['template'] or ''}, until {(row['notAfter'] or '')[:10]}",
            document=row,
        )
        for row in rows
    ]


def _graph(client: Client, path: str, *, name: str, begins: str | None) -> list[dict[str, Any]]:
    """All objects of a collection, or one page of those whose property begins so."""
    if begins is None:
        return client.graph_list(path, params={**_SELECTED[path], "$top": _LARGEST_PAGE})
    return _page(client, path, condition=f"startswith({name},{_quoted(begins)})" if begins else None)


def listed(objects: Iterable[Named]) -> str:
    """Return the names of objects in one line."""
    return ", ".join(one_line(candidate.name) for candidate in objects)


def _page(client: Client, path: str, *, condition: str | None) -> list[dict[str, Any]]:
    """The first objects of a collection that meet a condition of OData."""
    query = {"$top": _SMALL_PAGE} | ({} if condition is None else {"$filter": condition})
    rows: list[dict[str, Any]] = client.graph("GET", path, params={**_SELECTED[path], **query})["value"]
    return rows


def _quoted(text: str) -> str:
    """The text as a literal of OData."""
    return "'" + text.replace("'", "''") + "'"


def _begins(id_: str, folded: str) -> bool:
    return len(folded) >= _SHORTEST_PREFIX and id_.casefold().startswith(folded)


def _several(wanted: str, fits: list[Named], *, kind: str) -> str:
    marks = _marks(fits)
    lines = [f"  {mark}  {one_line(fit.name)}  {one_line(fit.about)}" for mark, fit in zip(marks, fits, strict=True)]
    more = [f"  and {len(fits) - _MOST_LISTED} more"] if len(fits) > _MOST_LISTED else []
    return "\n".join(
        [f"'{one_line(wanted)}' fits {len(fits)} {kind}s; name the one by its id:", *lines[:_MOST_LISTED], *more]
    )


def _marks(fits: list[Named]) -> list[str]:
    """The beginnings of the ids, as long as is needed to tell them apart."""
    length = SHORT
    while len({fit.id[:length] for fit in fits}) < len(fits):
        length += 1
    return [fit.id[:length] for fit in fits]


def _unknown(wanted: str, known: list[Named], *, kind: str) -> str:
    message = f"There is no {kind} '{one_line(wanted)}'."
    similar = _similar(wanted.casefold(), known)
    if similar:
        return f"{message} Similar: {', '.join(similar)}."
    if not known:
        return f"{message} There are no {kind}s at all."
    few = sorted({candidate.name for candidate in known}) if len(known) <= _MOST_LISTED else []
    if not few:
        return message
    return f"{message} There {'is only' if len(few) == 1 else 'are'} {', '.join(one_line(name) for name in few)}."


def _similar(folded: str, known: list[Named]) -> list[str]:
    """The names that contain the words, then those that look like them."""
    by_name = {
        name.casefold(): candidate for candidate in known for name in (*candidate.others, candidate.name) if name
    }
    near = [name for name in by_name if folded and folded in name]
    near += difflib.get_close_matches(folded, by_name, n=_MOST_SIMILAR, cutoff=0.6)
    return [f"'{one_line(name)}'" for name in dict.fromkeys(by_name[name].name for name in near)][:_MOST_SIMILAR]
