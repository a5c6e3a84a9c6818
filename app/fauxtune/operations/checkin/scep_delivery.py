"""What a device is given to request a certificate by SCEP: an address, and a challenge of its own.

A challenge is made when the request is delivered to the device, for nobody else may have it, and it is valid for an
hour. As long as it is, the device gets the same one again. Microsoft: "Add partner certification authority in Intune
using SCEP".
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.model.editions import Changed, Edition, Stated
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ProfileId
from fauxtune.core.model.items import LedgerRow, key_name, scep_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import ScepDelivery, ScepOrder
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.scep import ScepChallengeRow

#: Android and Windows. Unverified: that Intune gives AOSP and the phones of Windows the list as well. Differs from
#: Intune: the order is the profile's, beginning anywhere, and always the same on a device.
_WITH_LIST = frozenset(each for each in Variant if each.startswith(("android", "windows")))
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
    known = queries.challenges_of(tx.connection, tx.tenant.id, enrollment_ids=[enrollment.id])
    usable = {
        (scep_key(each.profile_id), each.fingerprint, each.user_id): each
        for each in known
        if each.state in _USABLE and each.created_at <= tx.now < each.expires_at
    }
    challenges = []
    for row in rows:
        challenge = usable.get((row.key, row.fingerprint, enrollment.user_id))
        if challenge is None or row.state is ItemState.FAILED:
            profile = ProfileId(key_name(row.key))
            _forget_oldest(tx, [each for each in known if each.profile_id == profile])
            challenge = scep_challenges.new_challenge(tx, enrollment, profile=profile, fingerprint=row.fingerprint)
        request = orders[row.key].request
        challenges.append(scep_challenges.challenge_of(challenge, device=record.id, request=request))
    texts = scep_challenges.sealed(tx, challenges, keys=key_store)
    return {row.key: text for row, text in zip(rows, texts, strict=True)}


def _forget_oldest(tx: Transaction, challenges: Sequence[ScepChallengeRow]) -> None:
    """Delete the oldest challenges that were not used and cannot be any more, where one more would be too many."""
    unused = [each for each in challenges if each.state in _UNUSED and each.expires_at <= tx.now]
    oldest = unused[: max(0, len(unused) + 1 - _MOST_UNUSED)]
    if oldest:
        queries.delete_challenges(tx.connection, tx.tenant.id, ids=[each.id for each in oldest])
