"""FileVault on a Mac: the personal recovery key, and its escrow.

Apple: payload com.apple.security.FDERecoveryKeyEscrow (the key is sealed for the certificate that it names),
SecurityInfo (FDE_PersonalRecoveryKeyCMS), RotateFileVaultKey.
"""

from __future__ import annotations

import base64
import secrets
import string
from dataclasses import asdict, dataclass, field
from typing import Any

from cryptography import x509

from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.cms.envelope import encrypt

_GROUPS, _LENGTH, _LETTERS = 6, 4, string.ascii_uppercase + string.digits


@dataclass(slots=True)
class FileVault:
    """The recovery key; the certificate (base64 of DER) for which it is escrowed, with the profile that named it; the
    sealed key (base64), which stays as it is until the key changes.
    """

    key: str = field(default="", repr=False)
    certificate: str = ""
    profile: str = ""
    sealed: str = ""

    def document(self) -> dict[str, Any]:
        """The state as JSON."""
        return asdict(self)

    def escrow(self, certificate: bytes, *, profile: str) -> None:
        """Escrow the key for this certificate from now on."""
        self.certificate, self.profile, self.sealed = base64.b64encode(certificate).decode(), profile, ""

    def forget(self, profile: str) -> None:
        """End the escrow if this profile, which is removed, has named the certificate."""
        if self.profile == profile:
            self.certificate = self.profile = self.sealed = ""

    def sealed_key(self) -> bytes | None:
        """The key for the service; None where no profile has asked for it."""
        if not self.certificate:
            return None
        if not self.key:
            self.key = _new_key()
        if not self.sealed:
            self.sealed = base64.b64encode(_seal(self.key, base64.b64decode(self.certificate))).decode()
        return base64.b64decode(self.sealed)

    def rotate(self, present: object, *, certificate: bytes) -> bytes:
        """Replace the key; return the new one, sealed for this certificate. Raises Fault for a wrong present key."""
        if not self.key or present != self.key:
            raise Fault(Code.WRONG_TOKEN, "FileVaultUnlock does not unlock this Mac")
        new = _new_key()
        sealed = _seal(new, certificate)
        self.key, self.sealed = new, ""
        return sealed


def _new_key() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(_GROUPS))


def _seal(key: str, certificate: bytes) -> bytes:
    try:
        return encrypt(key.encode(), [x509.load_der_x509_certificate(certificate)])
    except ValueError as broken:
        raise Fault(Code.CERTIFICATE_MALFORMED, f"the key cannot be sealed: {broken}") from broken
