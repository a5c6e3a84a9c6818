"""RC2 (RFC 2268), decryption only: old Windows and `openssl pkcs12 -legacy` encrypt the certificates of a PFX with it.

cryptography's own RC2 does not support keys of 40 bits, and its loader of whole files accepts any number of rounds.
"""

from __future__ import annotations

BLOCK = 8

_TABLE = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32"
    "bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a"
    "961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e"
    "c5f3db47e5a59c770aa62068fe7fc1ad"
)
#: The rounds of mixing between those of mashing, and the rotation of each word.
_MIXING = (5, 6, 5)
_TURNS = (1, 2, 3, 5)
_WORD = 0xFFFF


def decrypt_cbc(data: bytes, *, key: bytes, bits: int, iv: bytes) -> bytes:
    """Decrypt bytes, with their padding. `bits` is the effective size of the key. Raises ValueError for
    broken blocks.
    """
    if len(data) % BLOCK or len(iv) != BLOCK:
        raise ValueError("its encrypted content is not a whole number of blocks")
    words = _expanded(key, bits)
    plain, before = bytearray(), iv
    for at in range(0, len(data), BLOCK):
        block = data[at : at + BLOCK]
        plain += bytes(a ^ b for a, b in zip(_decrypted(block, words), before, strict=True))
        before = block
    return bytes(plain)


def _expanded(key: bytes, bits: int) -> list[int]:
    """Expand the key (RFC 2268 2): 64 words of 16 bits."""
    size = (bits + 7) // 8
    grown = list(key)
    for at in range(len(key), 128):
        grown.append(_TABLE[(grown[at - 1] + grown[at - len(key)]) & 0xFF])
    grown[128 - size] = _TABLE[grown[128 - size] & (0xFF >> (8 * size - bits))]
    for at in reversed(range(128 - size)):
        grown[at] = _TABLE[grown[at + 1] ^ grown[at + size]]
    return [low | high << 8 for low, high in zip(grown[::2], grown[1::2], strict=True)]


def _decrypted(block: bytes, words: list[int]) -> bytes:
    """Decrypt one block (RFC 2268 4): the steps of encryption, in reverse order."""
    state = [int.from_bytes(block[at : at + 2], "little") for at in range(0, BLOCK, 2)]
    left = len(words)
    for number, rounds in enumerate(_MIXING):
        for at in (3, 2, 1, 0) if number else ():
            state[at] = (state[at] - words[state[at - 1] & 63]) & _WORD
        for _ in range(rounds):
            for at in (3, 2, 1, 0):
                left -= 1
                turned = (state[at] >> _TURNS[at] | state[at] << 16 - _TURNS[at]) & _WORD
                chosen = (state[at - 1] & state[at - 2]) + (~state[at - 1] & state[at - 3])
                state[at] = (turned - words[left] - chosen) & _WORD
    return b"".join(count.to_bytes(2, "little") for count in state)
