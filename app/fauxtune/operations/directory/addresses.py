"""Which user has an e-mail address, and what goes from the address book with a user (Graph: user, mail and
proxyAddresses).
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.model.mail_accounts import addresses_of
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import mailboxes as queries
from fauxtune.storage.rows.directory import UserRow


def owners_of(tx: Transaction, addresses: Sequence[str]) -> dict[str, UserRow | None]:
    """Return the users who have these addresses, which are in lower case; None for an address that nobody has.

    Of two users the one with this userPrincipalName has it, then the older one.
    """
    wanted = list(dict.fromkeys(addresses))
    owners: dict[str, UserRow | None] = dict.fromkeys(wanted)
    if not wanted:
        return owners
    for row in queries.users_by_upn(tx.connection, tx.tenant.id, addresses=wanted):
        owners[str(row.document["userPrincipalName"]).lower()] = row
    rest = [address for address, row in owners.items() if row is None]
    if rest:
        for row in queries.users_who_may_have(tx.connection, tx.tenant.id, addresses=rest):
            for address in set(addresses_of(row.document)) & set(rest):
                owners[address] = owners[address] or row
    return {address: owners[address] for address in wanted}


def withdraw_with(tx: Transaction, user: JsonObject) -> None:
    """Take what is published for the addresses of a user, who is deleted, from the address book; an address that
    another user has keeps its entries.
    """
    rows = queries.published(tx.connection, tx.tenant.id, addresses=addresses_of(user))
    for address, owner in owners_of(tx, [row.address for row in rows]).items():
        if owner is None:
            queries.withdraw_all(tx.connection, tx.tenant.id, address=address)
