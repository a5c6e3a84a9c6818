"""The passwords of imported PFX files: how a connector decrypts them, and those that it remembers.

Source: the import cmdlets' source (microsoft/Intune-Resource-Access, PFXImportPowershell): RSA-OAEP with an empty label
and the same hash for MGF1.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.refusals import KeyMissing, PaddingUnsupported, PasswordUndecryptable
from fauxtune.core.model.made_often import made_often
from fauxtune.core.pki.authority import PrivateKey

#: The values of Graph's userPfxPaddingScheme with which passwords can still be encrypted, in lower case.
PADDINGS: dict[str, type[hashes.HashAlgorithm]] = {
    "oaepsha256": hashes.SHA256,
    "oaepsha384": hashes.SHA384,
    "oaepsha512": hashes.SHA512,
}


@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedOrder:
    """One PFX file with its password. `encrypted_password` is the RSA ciphertext, big-endian.

    `already_verified`: this file was opened with this password before, so it is not opened again. The names of provider
    and key are for messages.
    """

    encrypted_password: bytes = field(repr=False)
    pfx: bytes = field(repr=False)
    padding: str
    thumbprint: str
    already_verified: bool
    provider_name: str = ""
    key_name: str = ""


#: The most passwords that a connector remembers. One has 470 bytes at most (RSA-4096, SHA-256).
_MOST = 1024


class Passwords:
    """The passwords that a connector has decrypted last, only in memory: a file that is imported once goes to every
    device of its user, and to decrypt its password takes ten times as long as to encrypt it for one of them.
    """

    def __init__(self) -> None:
        #: By the padding and the ciphertext: the key that opened it, and the password.
        self._known: OrderedDict[tuple[str, bytes], tuple[RSAPrivateKey, bytes]] = OrderedDict()
        self._lock = Lock()

    def remembers(self, order: ImportedOrder) -> bool:
        """Whether the password of this file is remembered, for the key that decrypted it."""
        return (order.padding, order.encrypted_password) in self._known

    def open(self, order: ImportedOrder, private_key: PrivateKey | None) -> bytes:
        """Return the PFX password. Raises as `open_password`."""
        if not isinstance(private_key, RSAPrivateKey):
            return open_password(order, private_key)
        key = (order.padding, order.encrypted_password)
        with self._lock:
            known = self._known.get(key)
            if known is not None and _is_same(known[0], private_key):
                self._known.move_to_end(key)
                return known[1]
        password = open_password(order, private_key)
        with self._lock:
            self._known[key] = private_key, password
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return password


def _is_same(one: RSAPrivateKey, other: RSAPrivateKey) -> bool:
    """Whether two keys are the same one, perhaps read twice. To compare numbers takes as long as the encryption."""
    return one is other or one.public_key() == other.public_key()


def open_password(order: ImportedOrder, private_key: PrivateKey | None) -> bytes:
    """Return the PFX password. Raises KeyMissing, PaddingUnsupported or PasswordUndecryptable."""
    where = f"key {order.key_name!r} of provider {order.provider_name!r}"
    if not isinstance(private_key, RSAPrivateKey):
        if not order.key_name:
            raise KeyMissing(
                f"The imported certificate {order.thumbprint} names no key of the connector: it was imported with a "
                "public-key file only. Import it again with providerName and keyName."
            )
        raise KeyMissing(f"The connector has no RSA {where}, which the imported certificate {order.thumbprint} names.")
    algorithm = PADDINGS.get(order.padding.lower())
    if algorithm is None:
        raise PaddingUnsupported(
            f"The padding scheme {order.padding!r} of the imported certificate {order.thumbprint} is not supported; "
            "oaepSha256, oaepSha384 and oaepSha512 are."
        )
    if len(order.encrypted_password) != private_key.key_size // 8:
        raise PasswordUndecryptable(
            f"The encrypted PFX password of {order.thumbprint} has {len(order.encrypted_password)} bytes; "
            f"the {where} encrypts to {private_key.key_size // 8} bytes."
        )
    try:
        return private_key.decrypt(order.encrypted_password, OAEP(MGF1(algorithm()), algorithm(), None))
    except ValueError:
        raise PasswordUndecryptable(
            f"The PFX password of {order.thumbprint} cannot be decrypted with the {where} and {order.padding}: "
            "it was encrypted with another key or another hash."
        ) from None
