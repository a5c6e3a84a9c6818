"""The names of the ciphers that encrypt mail, apart from what carries them out: that is expensive to import."""

from __future__ import annotations

from enum import StrEnum

#: The ciphers in CBC mode that are read, with the length of their keys in bytes. Single DES is what many SCEP
#: authorities answer with.
CBC = {"aes128_cbc": 16, "aes192_cbc": 24, "aes256_cbc": 32, "tripledes_3key": 24, "des": 8}
GCM = {"aes128_gcm": 16, "aes192_gcm": 24, "aes256_gcm": 32}
#: The ciphers that asn1crypto names otherwise.
_OTHER_NAMES = {"3des-cbc": "tripledes_3key", "des-cbc": "des"}


class NamedCipher(StrEnum):
    """A cipher of content, by its name in options."""

    @property
    def is_authenticated(self) -> bool:
        """Whether changes of the encrypted content are noticed: the content is then AuthEnvelopedData (RFC 5083)."""
        return self.asn1_name in GCM

    @property
    def asn1_name(self) -> str:
        """The name of the algorithm in asn1crypto."""
        return _OTHER_NAMES.get(self.value) or self.value.replace("-", "_")

    @property
    def key_bytes(self) -> int:
        """The length of a key."""
        return (CBC | GCM)[self.asn1_name]


class ContentCipher(NamedCipher):
    """The ciphers with which content can be encrypted; RFC 8551 2.7 asks mail programs for the AES ones."""

    AES128_CBC = "aes128-cbc"
    AES192_CBC = "aes192-cbc"
    AES256_CBC = "aes256-cbc"
    AES128_GCM = "aes128-gcm"
    AES192_GCM = "aes192-gcm"
    AES256_GCM = "aes256-gcm"
    TRIPLE_DES_CBC = "3des-cbc"


class LegacyCipher(NamedCipher):
    """Ciphers for requests by SCEP only, to authorities that have no better one: no mail is encrypted with them."""

    DES_CBC = "des-cbc"
