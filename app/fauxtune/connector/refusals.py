"""The reasons for which the connector refuses a request, each with the number that Graph shows as `errorCode`.

`Unverified:` the real connectors' numbers for these cases are not published. Intune builds its numbers as 0x87D10000
plus a code of the protocol at fault; none of them uses 0x1000 to 0x10FF (SyncML ends at 0x0258, Apple begins at
0x2710), so the codes here cannot be mistaken for theirs. The answer of a Windows CA in the same case is noted at each
([MS-ERREF] 2.1.1). All are signed 32-bit numbers, as JSON carries them.
"""

from __future__ import annotations

from fauxtune.core.errors import ConnectorRefused
from fauxtune.core.model.connectors import (
    CA_UNAVAILABLE,
    RA_CERTIFICATE_MISSING,
    REVOCATION_DENIED,
    UNKNOWN_ERROR,
)
from fauxtune.core.model.items import TEMPLATE_UNKNOWN


def _signed(code: int) -> int:
    return code - (1 << 32)


class _Refusal(ConnectorRefused):
    number: int

    def __init__(self, message: str) -> None:
        super().__init__(message, code=self.number)


class TemplateRefused(_Refusal):
    """The template does not let the connector enrol (a Windows CA: CERTSRV_E_TEMPLATE_DENIED, 0x80094012)."""

    number = _signed(0x87D11001)


class AuthorityRefused(_Refusal):
    """The authority cannot make this certificate: its subject, names, key or times are impossible."""

    number = _signed(0x87D11002)


class KeyMissing(_Refusal):
    """The connector has no key of the name that the imported certificate's record gives."""

    number = _signed(0x87D11003)


class PaddingUnsupported(_Refusal):
    """The connector does not support the record's padding scheme."""

    number = _signed(0x87D11004)


class PasswordUndecryptable(_Refusal):
    """The encrypted PFX password does not decrypt: another key, another hash, or damaged."""

    number = _signed(0x87D11005)


class PfxNotOpened(_Refusal):
    """The decrypted password does not open the PFX file."""

    number = _signed(0x87D11006)


class PfxBroken(_Refusal):
    """The imported bytes cannot be read as a PFX file."""

    number = _signed(0x87D11007)


class PfxKeyMissing(_Refusal):
    """The PFX file holds no private key for a certificate in it."""

    number = _signed(0x87D11008)


class ThumbprintDiffers(_Refusal):
    """The certificate in the PFX file is not the one that the record names."""

    number = _signed(0x87D11009)


class RecipientUnfit(_Refusal):
    """Nothing can be encrypted for the device: the key of its identity is not RSA."""

    number = _signed(0x87D1100A)


class PasswordUnfit(_Refusal):
    """The platform's protocol cannot carry the PFX password."""

    number = _signed(0x87D1100B)


class TemplateUnknown(_Refusal):
    """The authority has no template of this name (a Windows CA: CERTSRV_E_UNSUPPORTED_CERT_TYPE, 0x80094800)."""

    number = TEMPLATE_UNKNOWN


class SubjectRefused(_Refusal):
    """The template does not take the subject from the request: it would name the connector, not the user."""

    number = _signed(0x87D11011)


class KeyRefused(_Refusal):
    """The key is not of the kind or size that the template asks for (Windows: CERTSRV_E_KEY_LENGTH, 0x80094811)."""

    number = _signed(0x87D11012)


class KeyNotExportable(_Refusal):
    """The template does not let the private key leave the connector (Windows: NTE_BAD_KEY_STATE, 0x8009000B)."""

    number = _signed(0x87D11013)


class RevocationRefused(_Refusal):
    """The connector may not revoke certificates of the template (Windows: E_ACCESSDENIED, 0x80070005)."""

    number = _signed(0x87D11014)
    diagnostic = REVOCATION_DENIED


class AuthorityUnavailable(_Refusal):
    """The authority cannot be reached (Windows: RPC_S_SERVER_UNAVAILABLE, 0x800706BA)."""

    number = _signed(0x87D11015)
    diagnostic = CA_UNAVAILABLE


class AuthorityUnknown(_Refusal):
    """No authority of this host and name answers (Windows: RPC_S_SERVER_UNAVAILABLE, as for one that is offline)."""

    number = _signed(0x87D11017)
    diagnostic = CA_UNAVAILABLE


class RaCertificateMissing(_Refusal):
    """The connector lacks the registration authority certificate by which DigiCert's CA knows it."""

    number = _signed(0x87D11016)
    diagnostic = RA_CERTIFICATE_MISSING


class RaCertificateExpired(_Refusal):
    """A certificate with which the connector's NDES opens messages or signs answers has expired."""

    number = _signed(0x87D11018)


class RequestNotValidated(_Refusal):
    """The service has refused the certificate request that a device sent by SCEP."""

    number = _signed(0x87D11019)

    def __init__(self, message: str, *, diagnostic: int = UNKNOWN_ERROR) -> None:
        super().__init__(message)
        self.diagnostic = diagnostic


#: All refusals, for pages and tests that list them.
REFUSALS: tuple[type[_Refusal], ...] = (
    TemplateRefused,
    AuthorityRefused,
    KeyMissing,
    PaddingUnsupported,
    PasswordUndecryptable,
    PfxNotOpened,
    PfxBroken,
    PfxKeyMissing,
    ThumbprintDiffers,
    RecipientUnfit,
    PasswordUnfit,
    TemplateUnknown,
    SubjectRefused,
    KeyRefused,
    KeyNotExportable,
    RevocationRefused,
    AuthorityUnavailable,
    AuthorityUnknown,
    RaCertificateMissing,
    RaCertificateExpired,
    RequestNotValidated,
)
