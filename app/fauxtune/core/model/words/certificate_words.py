"""Certificates in words: what one is for, and why it was revoked.

#: data
"""

from __future__ import annotations

#: A purpose of an imported certificate (Graph: userPfxIntendedPurpose) -> its words.
PURPOSES: dict[str, str] = {
    "smimeEncryption": "S/MIME encryption",
    "smimeSigning": "S/MIME signing",
    "vpn": "VPN",
    "wifi": "Wi-Fi",
    "unassigned": "no purpose",
}
#: A reason of RFC 5280 5.3.1 -> its words.
REASONS: dict[str, str] = {
    "unspecified": "no reason given",
    "keyCompromise": "the key fell into other hands",
    "cACompromise": "the authority's key fell into other hands",
    "affiliationChanged": "the person's position changed",
    "superseded": "another took its place",
    "cessationOfOperation": "no longer needed",
    "certificateHold": "on hold",
    "privilegeWithdrawn": "the right to use it was withdrawn",
    "aACompromise": "the attribute authority's key fell into other hands",
}


def purpose(word: str | None) -> str:
    """Return a purpose in words; nothing for None."""
    return "" if word is None else PURPOSES.get(word, word)


def reason(word: str | None) -> str:
    """Return the reason of a revocation in words."""
    return REASONS.get(word or "unspecified", word or "")
