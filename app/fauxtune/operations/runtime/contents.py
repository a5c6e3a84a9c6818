"""Large contents of tenants, and the addresses at which one is written and read: shared access signatures (SAS).

An address is valid until a moment of the tenant's clock, as every time that Graph shows is the tenant's, and this one
is shown as azureStorageUriExpirationDateTime. So a test lets an address expire, and sees its client renew it, by moving
that clock. The system's clock would be for what clients judge by their own watches, such as tokens; whether an address
has expired they leave to the service. Source: Azure: "Create a service SAS".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from fauxtune.core.errors import NotAllowed, Unauthenticated
from fauxtune.core.model.ids import IdSource, TenantId
from fauxtune.storage.contents import ContentStore

#: The version of Azure's storage whose form the addresses have.
VERSION = "2023-11-03"
READ, WRITE = "r", "w"


class SignatureRefused(NotAllowed):
    """The address has no signature of this server, another one's, or one that has expired. `detail` says which."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
            "correctly including the signature."
        )
        self.detail = detail


class PermissionMissing(NotAllowed):
    """The address does not allow this."""


@dataclass(slots=True)
class Contents:
    """The contents of all tenants, and who may write and read them. `changes`: whether contents are deleted; a dry run
    deletes none.
    """

    store: ContentStore
    ids: IdSource
    changes: bool = True
    _secret: bytes = b""

    def address(self, tenant: TenantId, content: str, *, expires: datetime, allowed: str = READ + WRITE) -> str:
        """Return path and query of a content, valid until `expires`. `allowed`: letters of READ and WRITE."""
        until = _time(expires)
        signature = self._signature(tenant, content, allowed=allowed, until=until)
        query = urlencode({"sv": VERSION, "sr": "b", "sp": allowed, "se": until, "sig": signature})
        return f"{path_of(tenant, content)}?{query}"

    def check(self, tenant: TenantId, content: str, *, query: Mapping[str, str], needs: str, now: datetime) -> None:
        """Check the query of an address. Raises Unauthenticated without a signature, SignatureRefused, or
        PermissionMissing. `now`: the tenant's time.
        """
        signature, until, allowed = (query.get(name, "") for name in ("sig", "se", "sp"))
        if not signature:
            raise Unauthenticated(
                "Server failed to authenticate the request. Please refer to the information in the www-authenticate "
                "header."
            )
        right = self._signature(tenant, content, allowed=allowed, until=until)
        if not hmac.compare_digest(right.encode(), signature.encode("utf-8", "replace")):
            raise SignatureRefused("Signature did not match.")
        # Texts of one form and width: their order is that of the times.
        if until <= _time(now):
            raise SignatureRefused(
                f"Signature not valid in the specified time frame: Expiry [{until}] - Current [{_time(now)}]"
            )
        if needs not in allowed:
            raise PermissionMissing("This request is not authorized to perform this operation using this permission.")

    def delete(self, tenant: TenantId, *contents: str) -> None:
        """Delete contents, if there are any. Blocks."""
        if self.changes:
            self.store.delete(tenant, *contents)

    def _signature(self, tenant: TenantId, content: str, *, allowed: str, until: str) -> str:
        if not self._secret:
            self._secret = self.store.secret(self.ids.token)
        signed = "\n".join((allowed, until, path_of(tenant, content), VERSION))
        return base64.b64encode(hmac.digest(self._secret, signed.encode("utf-8", "replace"), hashlib.sha256)).decode()


def path_of(tenant: TenantId, content: str) -> str:
    """Return the path of a content."""
    return f"/blobs/{tenant}/{content}"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
