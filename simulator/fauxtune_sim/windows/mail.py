"""Mail accounts that management sets up (Microsoft: ActiveSync CSP, EMAIL2 CSP), and the mail application of Windows 10
Mobile, which chooses S/MIME certificates by itself.

An account is named by a GUID in braces. Adding an account that exists deletes it and creates none in its place. It
appears in the mail application once its address and its server are set. No node is about S/MIME.

Microsoft: "the native mail app on Windows 10 Mobile automatically uses the S/MIME certificate". Unverified is the order
among several: of the valid certificates for mail and for the account's address, the newest; key usage decides between
signing and encryption. Signing is on if there is a certificate, and the user may switch it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

import orjson
from cryptography import x509

from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.keys.certificates import addresses, can_encrypt, can_sign, is_for_mail
from fauxtune_sim.keys.keystore import KeyStore
from fauxtune_sim.mail.accounts import MailAccount, Setting
from fauxtune_sim.mail.smime_settings import SmimeSettings
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.nodes import Path
from fauxtune_sim.windows.tree import NodeRefusal, refusal_of_owner, uri_of

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


def choose_certificates(device: Device, at: datetime) -> None:
    """Choose the certificates of every account again; the user's switches stay. Windows 10 Mobile only."""
    if device.platform is not Platform.WINDOWS_10_MOBILE:
        return
    for name, account in list(device.accounts.items()):
        present = None if account.smime is None else SmimeSettings.from_document(account.smime)
        signing = _newest(device.keystore, account.address, at=at, fits=can_sign)
        smime = SmimeSettings(
            signs=signing is not None,
            signing_identity=signing,
            encryption_identity=_newest(device.keystore, account.address, at=at, fits=can_encrypt),
            per_message=True,
            changeable=frozenset({Setting.SIGN, Setting.ENCRYPT}),
            choices={} if present is None else present.choices,
        ).document()
        if smime != account.smime:
            device.accounts[name] = replace(account, smime=smime)


def _newest(store: KeyStore, address: str, *, at: datetime, fits: Callable[[x509.Certificate], bool]) -> str | None:
    """The thumbprint of the newest fitting certificate that is valid at `at`, or None."""
    candidates = [
        identity
        for identity in store.identities()
        if fits(identity.certificate)
        and is_for_mail(identity.certificate)
        and address.lower() in {name.lower() for name in addresses(identity.certificate)}
        and identity.certificate.not_valid_before_utc <= at <= identity.certificate.not_valid_after_utc
    ]
    if not candidates:
        return None
    return max(candidates, key=lambda identity: identity.certificate.not_valid_before_utc).thumbprint
