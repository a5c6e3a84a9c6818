"""Certificates that a Windows device requests itself: the nodes of a request, and what the device shows of it.

Microsoft: ClientCertificateInstall CSP (SCEP), CertificateStore CSP (My/SCEP) on Windows Phone 8.1. Each request has a
node of its own, so that a device keeps its present certificate until it has the next one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import orjson

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem, key_name, key_source
from fauxtune.core.model.scep import ScepDelivery
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.surfaces.devices.windows.csp import DEVICE, EVERYTHING, USER, Tree
from fauxtune.surfaces.devices.windows.messages.syncml import Command
from fauxtune.surfaces.devices.windows.status_mapping import ANY, ATOMIC, PART

#: The leaves of a request that the service reads.
LEAVES = ("Status", "ErrorCode", "CertThumbprint")
_SHOWN = re.compile(r".*/SCEP/(?P<name>[^/]+)/(?P<leaf>Status|ErrorCode|CertThumbprint)", re.IGNORECASE)
_THUMBPRINT = re.compile(r"[0-9a-f]{40}")
_FINISHED, _FAILED, _OPEN = "1", "16", ("2", "32")
_HELD = (ItemState.INSTALLED, ItemState.KEPT, ItemState.REMOVING)
_USAGES = {"digitalSignature": 0x80, "keyEncipherment": 0x20}
_HASHES = {"sha1": "SHA-1", "sha2": "SHA-2"}
#: certenroll.h: AlternativeNameType.
_NAMES = {
    "emailAddress": 2,
    "domainNameService": 3,
    "universalResourceIdentifier": 7,
    "userPrincipalName": 11,
}
#: The CSP's defaults: three retries, five minutes apart.
_RETRIES, _RETRY_DELAY = 3, 5
_HELLO = 4
#: What Windows error numbers mean here. Unverified: that a device has no others for these.
_WORDS = {
    0x80070005: "the device refuses it",
    0x80070057: "the request is incomplete or contradicts itself",
    0x80072EE2: "the authority had not decided when the device gave up",
    0x80072EFD: "the device cannot reach the SCEP server",
    0x80090008: "the authority refuses the algorithm (badAlg)",
    0x80090015: "the certificate is for another key",
    0x80090029: "the device cannot make such a key in its TPM",
    0x80091007: "the authority calls the message damaged (badMessageCheck)",
    0x8009100D: "the answer of the SCEP server cannot be read",
    0x80092004: "the SCEP server sends no usable certificate of its authority",
    0x80094001: "the authority refuses the request (badRequest)",
    0x80094004: "the authority knows no such certificate (badCertId)",
    0x80094800: "the authority refuses the request",
    0x800B0101: "the authority calls the time of the message wrong (badTime)",
    0x800B0109: "the certificates of the SCEP server do not descend from the root of the profile",
}


def node_of(row: LedgerRow, tree: Tree, *, in_machine_store: bool) -> str:
    """Return the node of a request, in the scope of the user or of the device."""
    return f"{tree.requests[-1 if in_machine_store else 0]}/{_name(row)}"


def _name(row: LedgerRow) -> str:
    """The UniqueID of a request: another one for each certificate of a profile."""
    digest = hashlib.sha256((row.fingerprint or "").encode()).hexdigest()
    return f"{key_name(row.key)}-{digest[:16]}"


def install(delivery: ScepDelivery, *, node: str, key_protection: int) -> tuple[Command, ...]:
    """Return the commands with which a device requests a certificate. The request of that node is deleted first, for
    what it has got is not known.
    """
    request = delivery.request
    values: dict[str, str | int] = {
        "ServerURL": ";".join((delivery.url, *delivery.other_urls)),
        "Challenge": delivery.challenge,
        "SubjectName": request.subject,
        "EKUMapping": "+".join(request.extended_key_usages),
        "KeyUsage": sum(_USAGES[word] for word in request.key_usages),
        "KeyLength": request.bits,
        "HashAlgorithm": "+".join(_HASHES[word] for word in request.hash_algorithms),
        "KeyProtection": key_protection,
        "RetryCount": _RETRIES,
        "RetryDelay": _RETRY_DELAY,
    }
    if key_protection == _HELLO:
        values["ContainerName"] = node.rpartition("/")[2]
    if request.names:
        values["SubjectAlternativeNames"] = ";".join(f"{_NAMES[kind]}+{name}" for kind, name in request.names)
    if delivery.ca_thumbprint is not None:
        values["CAThumbprint"] = delivery.ca_thumbprint.upper()
    if request.days is not None:
        values |= {"ValidPeriod": "Days", "ValidPeriodUnits": request.days}
    parts = [
        Command("Add", f"{node}/Install/{name}", str(value), "int" if isinstance(value, int) else "chr", role=PART)
        for name, value in values.items()
    ]
    parts.append(Command("Exec", f"{node}/Install/Enroll", role=PART))
    return (Command("Delete", node, role=ANY), Command("Atomic", role=ATOMIC, parts=tuple(parts)))


def questions(tree: Tree, *, user_is_here: bool) -> tuple[str, ...]:
    """Return the addresses that show all requests. Those of the user exist while the user is logged in."""
    return tuple(node + EVERYTHING for node in tree.requests if user_is_here or not node.startswith(USER))


def is_node(name: str) -> bool:
    """Whether the name of an installed certificate is a node, and not a thumbprint."""
    return name.startswith("./")


def is_question(uri: str) -> bool:
    """Whether an address shows requests."""
    return uri.endswith("/SCEP" + EVERYTHING)


def replaced(answer: JsonObject, given: Mapping[str, Collection[str]]) -> dict[str, tuple[str, list[str]]]:
    """Return, by item, the node whose certificate the device has, and the nodes before it, which can be deleted.
    `given`: the nodes of each item, oldest first.
    """
    listing = _Listing.of(answer)
    over = {}
    for item, nodes in given.items():
        *former, last = list(nodes)
        if key_source(item) is Source.SCEP and former and listing.leaf(last.rpartition("/")[2], 0) == _FINISHED:
            over[item] = (last, former)
    return over


@dataclass(frozen=True, slots=True)
class _Listing:
    """The requests that a device shows, by UniqueID, each with its leaves; `scopes`: the addresses that it answered."""

    requests: dict[str, dict[str, str]] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()

    @classmethod
    def of(cls, answer: JsonObject) -> _Listing:
        listing = cls(scopes=frozenset(uri for uri in answer.get("values", {}) if is_question(uri)))
        for uri in listing.scopes:
            for address, value in orjson.loads(answer["values"][uri] or "{}").items():
                match = _SHOWN.fullmatch(address)
                if match is not None:
                    listing.requests.setdefault(match["name"].lower(), {})[match["leaf"].lower()] = value
        return listing

    @property
    def is_whole(self) -> bool:
        """Whether the device has answered for all scopes: for the user's it cannot while nobody is logged in."""
        return len(self.scopes) > 1 or any(not uri.startswith((USER, DEVICE)) for uri in self.scopes)

    def leaf(self, name: str, number: int) -> str:
        return self.requests.get(name.lower(), {}).get(LEAVES[number].lower(), "")


def inventory(
    answer: JsonObject | None, *, rows: Collection[LedgerRow], acknowledged: Collection[ItemKey]
) -> Inventory:
    """Return what the device shows of the certificates that it requested. None: it has no such nodes, so that what it
    confirmed or had before counts as there.
    """
    if answer is None:
        held = [row for row in rows if row.key in acknowledged or row.state in _HELD]
        return Inventory(
            identities={row.key: "" if row.state is ItemState.SENT else row.thumbprint or "" for row in held}
        )
    listing = _Listing.of(answer)
    identities: dict[ItemKey, str] = {}
    refused: dict[ItemKey, Problem] = {}
    pending: set[ItemKey] = set()
    for row in rows:
        name, is_requested = _name(row), row.state in (ItemState.SENT, ItemState.FAILED)
        status, thumbprint = listing.leaf(name, 0), listing.leaf(name, 2).lower()
        if is_requested and status == _FINISHED and _THUMBPRINT.fullmatch(thumbprint):
            identities[row.key] = thumbprint
        elif is_requested and status == _FAILED:
            refused[row.key] = _problem(listing.leaf(name, 1))
        elif row.state is ItemState.SENT and row.key in acknowledged and (status in _OPEN or not listing.is_whole):
            pending.add(row.key)
        elif not is_requested and (_has_any(listing, row) or not listing.is_whole):
            identities[row.key] = row.thumbprint or ""
    return Inventory(identities=identities, refused=refused, pending=frozenset(pending))


def _has_any(listing: _Listing, row: LedgerRow) -> bool:
    """Whether the device has a certificate of the row's profile."""
    of_profile = (name for name in listing.requests if name.startswith(f"{key_name(row.key)}-".lower()))
    return any(listing.leaf(name, 0) == _FINISHED for name in of_profile)


def _problem(error: str) -> Problem:
    try:
        number = int(error.strip(), 0) & 0xFFFFFFFF
    except ValueError:
        number = 0
    if not number:
        return Problem(REMEDIATION_FAILED, "The device did not get the certificate, and does not say why.")
    words = _WORDS.get(number, "the device reports an error")
    code = number - (1 << 32) if number >= 1 << 31 else number
    return Problem(code, f"The device did not get the certificate: {words} (0x{number:08X}).")
