"""From a SCEP delivery to the entry of Android's policy. Android has no such wire: this is the emulator's own.

The device asks three times, ten minutes apart, while a server has not decided, as it does by its defaults on Windows
and with Apple's count.
"""

from __future__ import annotations

import hashlib
from typing import Any

from fauxtune.core.model.scep import ScepDelivery

_RETRIES, _RETRY_DELAY = 3, 600


def request(delivery: ScepDelivery, *, revision: str) -> dict[str, Any] | None:
    """Return what a device is to request; None if it is to keep what it has. `revision`: of the item as offered."""
    if not delivery.challenge:
        return None
    wanted = delivery.request
    return {
        "serverUrl": delivery.url,
        "otherServerUrls": list(delivery.other_urls),
        "challenge": delivery.challenge,
        "subject": wanted.subject,
        "subjectAlternativeNames": [{"type": kind, "name": name} for kind, name in wanted.names],
        "keySize": wanted.bits,
        "keyUsages": list(wanted.key_usages),
        "extendedKeyUsages": list(wanted.extended_key_usages),
        "hashAlgorithms": list(wanted.hash_algorithms),
        "caThumbprint": delivery.ca_thumbprint,
        "retryCount": _RETRIES,
        "retryDelaySeconds": _RETRY_DELAY,
        "renews": delivery.renews,
        "revision": hashlib.sha256(revision.encode()).hexdigest(),
    }
