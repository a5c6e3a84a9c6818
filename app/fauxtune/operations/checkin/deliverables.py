"""What a device is given: the items of its policy with their bytes, and how it is to request a certificate by SCEP.

A challenge is made when the request is delivered to the device, for nobody else may have it, and it is valid for an
hour. As long as it is, the device gets the same one again. Microsoft: "Add partner certification authority in Intune
using SCEP".
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.engine.planning.ledger import in_policy
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ProfileId, UserId
from fauxtune.core.model.items import LedgerRow, key_name, scep_key
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import ScepDelivery, ScepOrder
from fauxtune.core.model.settings import Unit
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Changed, Edition, Stated
from fauxtune.core.policies.app_states import DeviceApp
from fauxtune.operations.apps.device_apps import ordered_apps
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.devices.caller import DeviceCaller, identified
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.queries import scep as scep_queries
from fauxtune.storage.rows.certificates import AnswerRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.scep import ScepChallengeRow

#: Android and Windows. Unverified: that Intune gives AOSP and the phones of Windows the list as well. Differs from
#: Intune: the order is the profile's, beginning anywhere, and always the same on a device.
_WITH_LIST = frozenset(variant for variant in Variant if variant.startswith(("android", "windows")))
TRIES_EVERY_URL: Changed[frozenset[Variant]] = Changed(
    "Devices that try every address of a SCEP profile",
    {
        Edition.APRIL_2020: Stated(
            frozenset(),
            "None: Intune picks one address for each device; if the server is not reached, the request fails.",
            "Create and use SCEP certificate profiles with Microsoft Intune, 2020-03",
        ),
        Edition.CURRENT: Stated(
            _WITH_LIST,
            "Android and Windows are given all addresses, and try one after the other; Apple's devices are given one.",
            "Create and assign SCEP certificate profiles in Intune, 2025-06-26",
        ),
    },
)
#: The states of a challenge with which a device may still get a certificate, and of those that led to no request.
_USABLE, _UNUSED = ("given", "validated", "issued"), ("given", "refused")
#: Unused challenges that are kept of one device for one profile: it is given one each hour in which it tries.
_MOST_UNUSED = 100


def scep_deliveries(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    rows: Iterable[LedgerRow],
    ledger: Mapping[ItemKey, LedgerRow],
    again: bool,
    key_store: KeyStore,
) -> dict[ItemKey, ScepDelivery]:
    """Return what the device is given for these items, by item; challenges that it needs are made. `again`: also for
    those that failed.
    """
    orders = {
        row.key: ScepOrder.decode(row.payload) for row in rows if row.source is Source.SCEP and row.payload is not None
    }
    to_request = [ledger[key] for key in orders if _is_to_request(ledger[key], again=again)]
    challenges = _challenges(tx, enrollment, rows=to_request, orders=orders, key_store=key_store)
    return {
        key: ScepDelivery(
            request=order.request,
            url=url_for(order.request.urls, enrollment.id),
            other_urls=_other_urls(tx, enrollment, urls=order.request.urls),
            challenge=challenges.get(key, ""),
            ca_thumbprint=None if order.root is None or order.root not in ledger else ledger[order.root].thumbprint,
            renews=order.renews,
        )
        for key, order in orders.items()
    }


def url_for(urls: Sequence[str], enrollment_id: EnrollmentId) -> str:
    """Return the address for this device: always the same one of these."""
    return urls[_begin(urls, enrollment_id)]


def _begin(urls: Sequence[str], enrollment_id: EnrollmentId) -> int:
    return zlib.crc32(enrollment_id.encode()) % len(urls)


def _other_urls(tx: Transaction, enrollment: EnrollmentRow, *, urls: Sequence[str]) -> tuple[str, ...]:
    """The other addresses, from the device's own on, where devices of its kind are given all of them."""
    if enrollment.variant not in TRIES_EVERY_URL.of(tx.tenant.edition):
        return ()
    begin = _begin(urls, enrollment.id)
    return (*urls[begin + 1 :], *urls[:begin])


def _is_to_request(row: LedgerRow, *, again: bool) -> bool:
    return row.state is ItemState.SENT or (again and row.state is ItemState.FAILED)


def _challenges(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    rows: Collection[LedgerRow],
    orders: Mapping[ItemKey, ScepOrder],
    key_store: KeyStore,
) -> dict[ItemKey, str]:
    """The sealed challenges of these items."""
    record = device_queries.managed_device_of(tx.connection, enrollment.id) if rows else None
    if record is None:
        return {}
    known = scep_queries.challenges_of(tx.connection, tx.tenant.id, enrollment_ids=[enrollment.id])
    usable = {
        (scep_key(scep_challenge.profile_id), scep_challenge.fingerprint, scep_challenge.user_id): scep_challenge
        for scep_challenge in known
        if scep_challenge.state in _USABLE and scep_challenge.created_at <= tx.now < scep_challenge.expires_at
    }
    challenges = []
    for row in rows:
        challenge = usable.get((row.key, row.fingerprint, enrollment.user_id))
        if challenge is None or row.state is ItemState.FAILED:
            profile = ProfileId(key_name(row.key))
            _forget_oldest(tx, [scep_challenge for scep_challenge in known if scep_challenge.profile_id == profile])
            challenge = scep_challenges.new_challenge(tx, enrollment, profile=profile, fingerprint=row.fingerprint)
        request = orders[row.key].request
        challenges.append(scep_challenges.challenge_of(challenge, device=record.id, request=request))
    texts = scep_challenges.sealed(tx, challenges, keys=key_store)
    return {row.key: text for row, text in zip(rows, texts, strict=True)}


def _forget_oldest(tx: Transaction, challenges: Sequence[ScepChallengeRow]) -> None:
    """Delete the oldest challenges that were not used and cannot be any more, where one more would be too many."""
    unused = [challenge for challenge in challenges if challenge.state in _UNUSED and challenge.expires_at <= tx.now]
    oldest = unused[: max(0, len(unused) + 1 - _MOST_UNUSED)]
    if oldest:
        scep_queries.delete_challenges(
            tx.connection, tx.tenant.id, ids=[scep_challenge.id for scep_challenge in oldest]
        )


#: The sources of items whose bytes connectors have made.
_ANSWERED = (Source.PKCS, Source.IMPORTED, Source.EMAIL)


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One item: a root's DER in `certificate`, a PFX file with its password sealed for the device, an account, settings
    that the device takes as one, or what it is to request by SCEP.

    `sealed` is the content that the platform's packaging defines, sealed (DER CMS); `opened` the same in clear, if the
    tenant wants plain profiles.
    """

    row: LedgerRow
    certificate: bytes | None = None
    pfx: bytes | None = None
    sealed: bytes | None = None
    opened: bytes | None = None
    account: Account | None = None
    unit: Unit | None = None
    scep: ScepDelivery | None = None


def deliverables(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    ledger: Mapping[ItemKey, LedgerRow],
    key_store: KeyStore,
    keys: Collection[ItemKey] | None = None,
    fresh: Sequence[AnswerRow] = (),
) -> list[Deliverable]:
    """Return all items of the device's policy, or those of these keys, in order. One whose bytes are gone is left out:
    it is on its way to removal. A device that is to request a certificate by SCEP gets a challenge; one that failed to
    get it is given another challenge where its `keys` name it. `ledger`: all items of the device; `fresh`: answers of
    connectors that are known already, and perhaps not written yet.
    """
    connection = tx.connection
    rows = [row for row in ledger.values() if in_policy(row) and (keys is None or row.key in keys)]
    requested = scep_deliveries(tx, enrollment, rows=rows, ledger=ledger, again=keys is not None, key_store=key_store)
    answers = _answers(tx, enrollment, rows=rows, fresh=fresh)
    by_serial = {answer.serial: answer for answer in answers if answer.serial is not None}
    by_item = {(answer.item_key, answer.fingerprint): answer for answer in answers}
    pairs = [(row.user_id or UserId(""), row.thumbprint or "") for row in rows if row.source is Source.IMPORTED]
    files = pfx_queries.pfx_files(connection, enrollment.tenant_id, pairs=pairs)
    items = []
    for row in rows:
        if row.source is Source.ROOT and row.payload is not None:
            items.append(Deliverable(row=row, certificate=row.payload))
        elif row.source is Source.EMAIL and row.payload is not None:
            carried = by_item.get((row.key, row.fingerprint or ""))
            sealed = None if carried is None else carried.sealed
            items.append(Deliverable(row=row, account=Account.decode(row.payload), sealed=sealed))
        elif row.source is Source.SETTING and row.payload is not None:
            items.append(Deliverable(row=row, unit=Unit.decode(row.payload)))
        elif row.source is Source.PKCS and row.serial in by_serial:
            answer = by_serial[row.serial]
            items.append(Deliverable(row=row, pfx=answer.pfx, sealed=answer.sealed))
        elif row.source is Source.SCEP and row.key in requested:
            items.append(Deliverable(row=row, scep=requested[row.key]))
        elif row.source is Source.IMPORTED:
            answered = by_item.get((row.key, row.fingerprint or ""))
            pfx = files.get((row.user_id or UserId(""), row.thumbprint or ""))
            if answered is not None and pfx is not None:
                items.append(Deliverable(row=row, pfx=pfx, sealed=answered.sealed))
    return items


def _answers(
    tx: Transaction, enrollment: EnrollmentRow, *, rows: Iterable[LedgerRow], fresh: Sequence[AnswerRow]
) -> Sequence[AnswerRow]:
    """The answers of connectors that these items are delivered with."""
    known = {answer.serial for answer in fresh} | {(answer.item_key, answer.fingerprint) for answer in fresh}
    wanted = {
        row.serial if row.source is Source.PKCS else (row.key, row.fingerprint or "")
        for row in rows
        if row.source in _ANSWERED
    }
    return fresh if wanted <= known else [*request_queries.answers(tx.connection, enrollment.id), *fresh]


@dataclass(frozen=True, slots=True)
class Policy:
    """The version of a policy and its items, in order."""

    version: int
    items: list[Deliverable]
    apps: list[DeviceApp]


def current_policy(
    tx: Transaction, caller: DeviceCaller, *, applied_version: str, key_store: KeyStore
) -> Policy | None:
    """Return the policy of the calling device; None if it has applied this version. Raises as `identified`."""
    row = identified(tx, caller)
    if str(row.policy_version) == applied_version:
        return None
    ledger = device_queries.ledger_rows(tx.connection, row.id)
    items = deliverables(tx, row, ledger=ledger, key_store=key_store)
    return Policy(row.policy_version, items, ordered_apps(tx, row))
