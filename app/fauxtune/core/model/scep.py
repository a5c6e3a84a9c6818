"""What a SCEP profile asks of one device, which is the key that it makes and the certificate request for it; and the
address of a tenant's own SCEP server: NDES, mscep.dll.

Microsoft: "Configure infrastructure to support SCEP with Intune" (the address that a profile names). IIS reads paths in
any case.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

from fauxtune.core.model.ids import ItemKey

_USUAL_SIZE = 2048
#: What a success notification of a partner's authority says: the names of the API, and those of the journal and the
#: console.
REPORTED = {
    "certificateThumbprint": "thumbprint",
    "certificateSerialNumber": "serialNumber",
    "certificateExpirationDateUtc": "expiration",
    "issuingCertificateAuthority": "issuer",
    "caConfiguration": "caConfiguration",
    "certificateAuthority": "certificateAuthority",
}


@dataclass(frozen=True, slots=True)
class ScepRequest:
    """The request that a device is to make. `names` are pairs (subjectAlternativeNameType, value); `key_usages` are
    Graph's words (keyEncipherment, digitalSignature); `key_size` is in bits; `extended_key_usages` are OIDs; `days` is
    the validity that the profile asks for.
    """

    urls: tuple[str, ...]
    subject: str
    names: tuple[tuple[str, str], ...]
    key_usages: tuple[str, ...]
    key_size: int | None
    hash_algorithm: str | None
    extended_key_usages: tuple[str, ...]
    days: int | None
    renew_percent: int

    @property
    def bits(self) -> int:
        """The size of the key, also where the profile names none."""
        return self.key_size or _USUAL_SIZE

    @property
    def hash_algorithms(self) -> tuple[str, ...]:
        """The hash algorithms that the device may use, in Graph's words; `sha2` where the profile names none."""
        words = (word.strip() for word in (self.hash_algorithm or "").split(","))
        return tuple(word for word in words if word) or ("sha2",)

    @property
    def fingerprint(self) -> str:
        """The digest of the request: equal requests have equal ones."""
        return hashlib.sha256(_encoded(self.document())).hexdigest()

    def document(self) -> dict[str, Any]:
        """Return the request as JSON."""
        return asdict(self)

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Self:
        """Return the request that `document` wrote. Raises KeyError, TypeError or ValueError for another document."""
        return cls(
            urls=tuple(document["urls"]),
            subject=str(document["subject"]),
            names=tuple((str(kind), str(value)) for kind, value in document["names"]),
            key_usages=tuple(document["key_usages"]),
            key_size=document["key_size"],
            hash_algorithm=document["hash_algorithm"],
            extended_key_usages=tuple(document["extended_key_usages"]),
            days=document["days"],
            renew_percent=int(document["renew_percent"]),
        )


@dataclass(frozen=True, slots=True)
class ScepOrder:
    """A request as it is offered to a device. `root`: the item of the root that the profile refers to; `renews`: the
    device has a certificate of the same settings, with which it may sign the request for its successor.
    """

    request: ScepRequest
    root: ItemKey | None = None
    renews: bool = False

    def encode(self) -> bytes:
        """Return the order as it is stored; equal orders give equal bytes."""
        return _encoded({"request": self.request.document(), "root": self.root, "renews": self.renews})

    @classmethod
    def decode(cls, stored: bytes) -> Self:
        """Read an order that `encode` wrote."""
        document = json.loads(stored)
        return cls(ScepRequest.of_document(document["request"]), document["root"], bool(document["renews"]))


@dataclass(frozen=True, slots=True)
class ScepDelivery:
    """What a device is given to request a certificate: `url`, of those in the profile the one for this device, and
    `other_urls`, which it tries after it if it cannot reach that one; the sealed `challenge`, which it puts unchanged
    into its request; the SHA-1 of the root that the profile refers to.

    The challenge is empty where nothing is to be requested now: the device has the certificate, or it failed and is to
    wait. `renews`: it signs the request with its present certificate (RenewalReq), and makes a new key.
    """

    request: ScepRequest
    url: str
    challenge: str = field(repr=False)
    ca_thumbprint: str | None = None
    renews: bool = False
    other_urls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert {self.url, *self.other_urls} <= {*self.request.urls}


@dataclass(frozen=True, slots=True)
class ScepAttempt:
    """The last challenge that a device was given for an item as it is offered now, and how many there were.
    `is_answered`: the authority granted the request, so that the device may still be waiting for its certificate.
    """

    count: int
    given_at: datetime
    expires_at: datetime
    is_answered: bool = False


def _encoded(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


_SERVICE = "/certsrv/"
#: Windows adds `/pkiclient.exe` to the address of a profile, others `/scep`.
_PATHS = re.compile(r"mscep(/mscep\.dll)?(/pkiclient\.exe|/scep)?/?", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


def server_address(public_http_url: str, *, tenant: str) -> str:
    """Return the address that profiles name, by the tenant's name."""
    return f"{public_http_url.rstrip('/')}/pki/{quote(tenant, safe='')}{_SERVICE}mscep/mscep.dll"


def is_served(path: str) -> bool:
    """Whether the server answers at this path below `certsrv/`, as clients write it."""
    return _PATHS.fullmatch(path) is not None


def is_same_server(url: str, *, address: str) -> bool:
    """Whether a URL leads to the server of this address: the host, the tenant and the path after it in any case, with
    mscep.dll or without it, and with what clients add.
    """
    try:
        place, path = _parts(url)
        own_place, _ = _parts(address)
    except ValueError:
        return False
    return place == own_place and is_served(path)


def _parts(url: str) -> tuple[tuple[str, str | None, int | None, str, str], str]:
    """The scheme, host, port, base path and tenant of an address, and its path below `certsrv/`. Raises ValueError for
    a text that is no URL.
    """
    parts = urlsplit(url)
    before, _, path = parts.path.partition(_SERVICE)
    base, _, tenant = before.rpartition("/")
    port = parts.port or _PORTS.get(parts.scheme)
    return (parts.scheme, parts.hostname, port, base, unquote(tenant).lower()), path
