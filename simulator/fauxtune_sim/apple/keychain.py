"""The keychain of an Apple device, and its mail accounts: what stays for as long as a payload of a profile holds it.

Two profiles with the same certificate make one item, which goes with the later of them.
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune_sim.apple.store import Claim, ProfileStore
from fauxtune_sim.keystore import KeyEntry, KeyStore
from fauxtune_sim.mail_accounts import MailAccount

IDENTITY, CERTIFICATE, ACCOUNT = "identity", "certificate", "account"


class Keychain:
    """A key store and the accounts of a device, with the claims on them."""

    def __init__(self, keys: KeyStore, store: ProfileStore, *, accounts: dict[str, MailAccount]) -> None:
        self._keys = keys
        self._store = store
        self._accounts = accounts

    def hold_identity(self, profile: str, payload: str, *, entry: KeyEntry) -> str:
        """Let a payload hold an identity, put there if nobody holds it yet; gives its alias."""
        held = next((one for one in self._keys.entries.values() if one.certificate == entry.certificate), None)
        if held is None:
            alias = entry.alias if entry.alias not in self._keys.entries else f"{entry.alias}#{entry.sha1[:8]}"
            self._keys.install(replace(entry, alias=alias))
        else:
            alias = held.alias
            if held.profile_id is None and entry.profile_id is not None:
                # Only now does it turn out where it comes from.
                self._keys.install(replace(held, source=entry.source, profile_id=entry.profile_id))
        self._claim(Claim(profile, payload, IDENTITY, alias))
        return alias

    def hold_certificate(self, profile: str, payload: str, *, der: bytes) -> str:
        """Let a payload hold a certificate without a key; gives its SHA-256."""
        sha256 = self._keys.trust(der)
        self._claim(Claim(profile, payload, CERTIFICATE, sha256))
        return sha256

    def hold_account(self, profile: str, payload: str, *, account: MailAccount) -> None:
        """Let a payload hold a mail account; one that it held before is changed."""
        self._claim(Claim(profile, payload, ACCOUNT, account.id))
        self._accounts[account.id] = account

    def release(self, profile: str, payload: str | None = None) -> list[str]:
        """End the claims of a profile, or of one payload of it; gives the names of the items that went."""
        ended = [one for one in self._store.claims if one.profile == profile and payload in {None, one.payload}]
        self._store.claims = [one for one in self._store.claims if one not in ended]
        return self._drop(ended)

    def identity_of(self, profile: str, payload: str) -> KeyEntry | None:
        """The identity that a payload holds, or None."""
        claim = next((one for one in self._of(profile, payload) if one.kind == IDENTITY), None)
        return None if claim is None else self._keys.entries.get(claim.name)

    def accounts_of(self, profile: str) -> frozenset[str]:
        """The ids of the accounts that a profile set up."""
        return frozenset(one.name for one in self._store.claims if (one.profile, one.kind) == (profile, ACCOUNT))

    def _of(self, profile: str, payload: str) -> list[Claim]:
        return [one for one in self._store.claims if (one.profile, one.payload) == (profile, payload)]

    def _claim(self, claim: Claim) -> None:
        """A payload holds one item: a new one takes the place of the old one."""
        ended = [one for one in self._of(claim.profile, claim.payload) if one != claim]
        self._store.claims = [one for one in self._store.claims if one not in ended and one != claim] + [claim]
        self._drop(ended)

    def _drop(self, ended: list[Claim]) -> list[str]:
        """Remove what nobody holds any more."""
        held = {(one.kind, one.name) for one in self._store.claims}
        gone = [item for item in dict.fromkeys((one.kind, one.name) for one in ended) if item not in held]
        for kind, name in gone:
            if kind == IDENTITY:
                self._keys.remove(name)
            elif kind == CERTIFICATE:
                self._keys.distrust(name)
            else:
                self._accounts.pop(name, None)
        return [name for _, name in gone]
