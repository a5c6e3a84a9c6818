"""Why the connector can refuse, each with the number that Graph shows as `errorCode` of the item.

`Unverified:` the real connectors' numbers for these cases are not published. Intune builds its numbers as 0x87D10000
plus a code of the protocol at fault; 0x1000 to 0x10FF is used by none of them (SyncML ends at 0x0258, Apple begins at
0x2710), so the codes here cannot be mistaken for theirs. All are signed 32-bit numbers, as JSON carries them.
"""

from __future__ import annotations

from fauxtune.core.errors import ConnectorRefused


def _signed(code: int) -> int:
    return code - (1 << 32)


class _Refusal(ConnectorRefused):
    number: int

    def __init__(self, message: str) -> None:
        super().__init__(message, code=self.number)


class TemplateRefused(_Refusal):
    """The template does not let the connector enrol, or does not take the subject from the request."""

    number = _signed(0x87D11001)


class AuthorityRefused(_Refusal):
    """The authority cannot make this certificate: its subject, names, key or times are impossible."""

    number = _signed(0x87D11002)


class KeyMissing(_Refusal):
    """The connector has no key of the name that the imported certificate's record gives."""

    number = _signed(0x87D11003)


class PaddingUnsupported(_Refusal):
    """The record's padding scheme is none that the connector takes."""

    number = _signed(0x87D11004)


class PasswordUndecryptable(_Refusal):
    """The encrypted PFX password does not decrypt: another key, another hash, or damaged."""

    number = _signed(0x87D11005)


class PfxNotOpened(_Refusal):
    """The decrypted password does not open the PFX file."""

    number = _signed(0x87D11006)


class PfxBroken(_Refusal):
    """The imported bytes are no PFX file that can be read."""

    number = _signed(0x87D11007)


class PfxKeyMissing(_Refusal):
    """The PFX file holds no private key for a certificate in it."""

    number = _signed(0x87D11008)


class ThumbprintDiffers(_Refusal):
    """The certificate in the PFX file is not the one that the record names."""

    number = _signed(0x87D11009)


class RecipientUnfit(_Refusal):
    """Nothing can be sealed for the device: its identity's key is not RSA."""

    number = _signed(0x87D1100A)


#: All of them: for pages and tests that list what can go wrong.
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
)
