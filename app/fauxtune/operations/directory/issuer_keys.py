"""The keys of issuers whose tokens an application accepts, where this server is given them and does not ask for them.

Source: RFC 7517 5, RFC 7518 6.3. Only RSA keys: Entra ID takes only RS256 ("Workload identity federation", 2025-05).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject

#: The member of an application's `registration`.
ISSUER_KEYS = "issuerKeys"
_LONGEST = 600
#: Bytes of the keys of an issuer, and issuers whose keys an application is given.
_MOST_KEY_SET, _MOST_ISSUERS = 32 * 1024, 20
_SHORTEST_KEY = 2048


def checked_keys(issuers: Mapping[str, object]) -> dict[str, JsonObject]:
    """Return key sets by issuer. Raises Invalid for one that is no key set with a public RSA key, for a private key,
    and for too many.
    """
    if len(issuers) > _MOST_ISSUERS:
        raise Invalid(f"An application has the keys of {_MOST_ISSUERS} issuers at most.", target=ISSUER_KEYS)
    result: dict[str, JsonObject] = {}
    for issuer, document in issuers.items():
        if not 0 < len(issuer) <= _LONGEST or len(str(document)) > _MOST_KEY_SET:
            raise Invalid(
                f"An issuer has at most {_LONGEST} characters, its keys at most {_MOST_KEY_SET // 1024} KiB.",
                target=ISSUER_KEYS,
            )
        members = document.get("keys") if isinstance(document, dict) else None
        keys = [key for key in members if isinstance(key, dict)] if isinstance(members, list) else []
        if not any(map(_is_usable, keys)) or any("d" in key or "k" in key for key in keys):
            raise Invalid(
                f"The keys of {issuer} must be a JSON Web Key Set with a public RSA key of {_SHORTEST_KEY} bits or "
                "more, and without private or symmetric keys.",
                target=ISSUER_KEYS,
            )
        result[issuer] = {"keys": keys}
    return result


def _is_usable(key: JsonObject) -> bool:
    """Whether this is an RSA key that is long enough."""
    try:
        modulus, exponent = (base64.urlsafe_b64decode(f"{key[name]}==") for name in ("n", "e"))
    except (KeyError, ValueError):
        return False
    return key.get("kty") == "RSA" and bool(exponent) and int.from_bytes(modulus).bit_length() >= _SHORTEST_KEY
