"""Mail accounts that management sets up (Microsoft: ActiveSync CSP, EMAIL2 CSP).

An account is named by a GUID in braces. Adding an account that exists deletes it and creates none in its place. It
appears in the mail application once its address and its server are set. No node is about S/MIME.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import orjson

from fauxtune_sim.device.refusals import Delivery
from fauxtune_sim.mail.accounts import MailAccount
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.tree import NodeRefusal, Path, refusal_of_owner, uri_of

#: The mail application of Windows 10; the phones' own has the same name here.
APPLICATION = "microsoft.windowscommunicationsapps"
_KINDS = {
    ("Vendor", "MSFT", "ActiveSync", "Accounts"): ("EmailAddress", "ServerName"),
    ("Vendor", "MSFT", "EMAIL2"): ("REPLYADDR", "INSERVER"),
}
_SECRETS = {"Password", "AUTHSECRET"}


def _root(path: Path) -> Path | None:
    """The node of the account that a path belongs to."""
    at = 1 if path[:1] == ("User",) else 0
    for above in _KINDS:
        length = at + len(above)
        if path[at:length] == above and len(path) > length:
            return path[: length + 1]
    return None


def before_add(machine: Machine, path: Path) -> None:
    """Raise NodeRefusal with 418 if the account exists: it is deleted, and no new one is created."""
    root = _root(path)
    if root is None:
        return
    if root in machine.lost_accounts:
        raise NodeRefusal(418, f"{uri_of(root)} was added although it existed, and so was deleted")
    if root in machine.state.nodes and path in machine.state.nodes:
        for node in list(machine.tree.below(root)):
            del machine.state.nodes[node]
        machine.lost_accounts.add(root)
        apply_changes(machine, [root])
        raise NodeRefusal(
            418, f"{uri_of(root)} existed and is deleted now: add an account under a new GUID", keeps_changes=True
        )


def before_delete(machine: Machine, path: Path) -> None:
    """Allow the GUID again: after a Delete it may be used for a new account."""
    machine.lost_accounts.discard(path)


def apply_changes(machine: Machine, touched: Iterable[Path]) -> None:
    """Update the accounts of the mail application by the nodes.

    Raises NodeRefusal for a node that was added or changed if the device's owner has set it to refuse accounts.
    """
    paths = [path for path in touched if _root(path) is not None]
    if not paths:
        return
    changed = next((path for path in paths if path in machine.state.nodes), None)
    if changed is not None and (refusal := refusal_of_owner(machine.device, Delivery.EMAIL, node=changed)) is not None:
        raise refusal
    accounts = machine.device.accounts
    by_nodes = {account.id: account for account in _accounts(machine)}
    for name in accounts.keys() - by_nodes.keys():
        del accounts[name]
    accounts.update(by_nodes)


def _accounts(machine: Machine) -> Iterator[MailAccount]:
    nodes = machine.state.nodes
    for root in [path for path in nodes if _root(path) == path]:
        name = root[-1].strip("{}").lower()
        present = machine.device.accounts.get(name)
        configuration = {
            "/".join(path[len(root) :]): value
            for path, value in nodes.items()
            if value is not None and path[: len(root)] == root and path[-1] not in _SECRETS
        }
        address, host = next(
            (configuration.get(address, ""), configuration.get(host, ""))
            for above, (address, host) in _KINDS.items()
            if root[:-1][-len(above) :] == above
        )
        if address and host:
            yield MailAccount(
                id=name,
                package=APPLICATION,
                digest=hashlib.sha256(orjson.dumps(configuration, option=orjson.OPT_SORT_KEYS)).hexdigest(),
                address=address,
                host=host,
                configuration=configuration,
                smime=None if present is None else present.smime,
            )
