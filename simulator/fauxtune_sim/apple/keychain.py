"""The keychain of an Apple device and its mail accounts: an item exists as long as a payload of a profile holds it.

Two profiles with the same certificate share one item, which is removed with the last of them.
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune_sim.apple.store import Claim, ProfileStore
from fauxtune_sim.keys.keystore import KeyEntry, KeyStore
from fauxtune_sim.mail.accounts import MailAccount

IDENTITY, CERTIFICATE, ACCOUNT = "identity", "certificate", "account"


class Keychain:
    """The key store and the accounts of a device, with the claims of payloads on their items."""

    def __init__(self, keys: KeyStore, store: ProfileStore, *, accounts: dict[str, MailAccount]) -> None:
        self._keys = keys
        self._store = store
        self._accounts = accounts

    def hold_identity(self, profile: str, payload: str, *, entry: KeyEntry) -> str:
        """Let a payload hold an identity, which is installed if it is new. Returns its alias."""
        present = next((key for key in self._keys.entries.values() if key.certificate == entry.certificate), None)
        if present is None:
            alias = entry.alias if entry.alias not in self._keys.entries else f"{entry.alias}#{entry.sha1[:8]}"
            self._keys.install(replace(entry, alias=alias))
        else:
            alias = present.alias
            if present.profile_id is None and entry.profile_id is not None:
                # This payload is the first that names the source of the identity.
                self._keys.install(replace(present, source=entry.source, profile_id=entry.profile_id))
        self._claim(Claim(profile, payload, IDENTITY, alias))
        return alias

    def hold_certificate(self, profile: str, payload: str, *, der: bytes) -> str:
        """Let a payload hold a certificate without a key. Returns its SHA-256."""
        sha256 = self._keys.trust(der)
        self._claim(Claim(profile, payload, CERTIFICATE, sha256))
        return sha256

    def hold_account(self, profile: str, payload: str, *, account: MailAccount) -> None:
        """Let a payload hold a mail account, in place of one that it holds already."""
        self._claim(Claim(profile, payload, ACCOUNT, account.id))
        self._accounts[account.id] = account

    def release(self, profile: str, payload: str | None = None) -> list[str]:
        """End the claims of a profile, or of one of its payloads. Returns the names of the removed items."""
        ended = [claim for claim in self._store.claims if claim.profile == profile and payload in {None, claim.payload}]
        self._store.claims = [claim for claim in self._store.claims if claim not in ended]
        return self._remove_unclaimed(ended)

    def identity_of(self, profile: str, payload: str) -> KeyEntry | None:
        """The identity that a payload holds, or None."""
        claim = next((claim for claim in self._claims_of(profile, payload) if claim.kind == IDENTITY), None)
        return None if claim is None else self._keys.entries.get(claim.name)

    def accounts_of(self, profile: str) -> frozenset[str]:
        """The ids of the accounts that a profile set up."""
        return frozenset(
            claim.name for claim in self._store.claims if (claim.profile, claim.kind) == (profile, ACCOUNT)
        )

    def _claims_of(self, profile: str, payload: str) -> list[Claim]:
        return [claim for claim in self._store.claims if (claim.profile, claim.payload) == (profile, payload)]

    def _claim(self, claim: Claim) -> None:
        """Record the claim of a payload in place of its former one: a payload holds one item."""
        ended = [other for other in self._claims_of(claim.profile, claim.payload) if other != claim]
        others = [other for other in self._store.claims if other not in ended and other != claim]
        self._store.claims = [*others, claim]
        self._remove_unclaimed(ended)

    def _remove_unclaimed(self, ended: list[Claim]) -> list[str]:
        """Remove the items of ended claims that no other payload holds. Returns their names."""
        claimed = {(claim.kind, claim.name) for claim in self._store.claims}
        unclaimed = [item for item in dict.fromkeys((claim.kind, claim.name) for claim in ended) if item not in claimed]
        for kind, name in unclaimed:
            if kind == IDENTITY:
                self._keys.remove(name)
            elif kind == CERTIFICATE:
                self._keys.distrust(name)
            else:
                self._accounts.pop(name, None)
        return [name for _, name in unclaimed]
