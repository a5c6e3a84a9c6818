"""Password-based keys, ciphers and MACs of PKCS#12 files.

How a password becomes a key: RFC 7292 (MAC and PBES1: the password as BMPString, appendix B), RFC 8018
(PBES2: the password's octets) and RFC 9579 (PBMAC1).

RC2 (RFC 2268) is here, decryption only: old Windows and `openssl pkcs12 -legacy` encrypt the certificates of a PFX with
it. cryptography's own RC2 does not support keys of 40 bits, and its loader of whole files accepts any number of rounds.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from asn1crypto import algos, core, pkcs12
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

#: The budget for opening one file, in rounds of PBKDF2: two to four seconds. Tools write 1 to 600,000 for a part.
#: A round of the older derivation runs in Python and costs twice as much, a block of RC2 much more.
MOST_ROUNDS = 5_000_000
_ROUND_IN_PYTHON, _BLOCK_OF_RC2 = 2, 20
_PBMAC1 = "1.2.840.113549.1.5.14"
_HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")
_PBES2_KEYS = {"aes128_cbc": 16, "aes192_cbc": 24, "aes256_cbc": 32, "tripledes_3key": 24}
_PBES1_KEYS = {
    "pkcs12_sha1_tripledes_3key": 24,
    "pkcs12_sha1_tripledes_2key": 16,
    "pkcs12_sha1_rc2_128": 16,
    "pkcs12_sha1_rc2_40": 5,
}
KEY, IV, MAC = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Password:
    """One encoding of a password: `bmp` for MAC and PBES1, `octets` for PBES2 and PBMAC1."""

    bmp: bytes = field(repr=False)
    octets: bytes = field(repr=False)


@dataclass(slots=True)
class Budget:
    """The rest of the budget for a file: a hostile one must not keep a worker busy for hours."""

    rounds: int = MOST_ROUNDS

    def spend(self, rounds: int, *, each: int = 1) -> int:
        """Take `rounds` times `each` from the budget, and return `rounds`. Raises ValueError for less than one round,
        or if the budget is too small.
        """
        if not isinstance(rounds, int) or rounds < 1 or rounds * each > self.rounds:
            raise ValueError(
                f"it asks for {rounds} key derivation rounds; with its other parts that is more work than one file may "
                "cost"
            )
        self.rounds -= rounds * each
        return rounds


def password_encodings(password: bytes) -> list[Password]:
    """The encodings of a password whose text encoding is unknown, the most likely first.

    As UTF-8 (scripts), as Latin-1 (the import cmdlets: one byte for each character), and for PBES2 also the bytes as
    they are and the BMPString (older NSS). An empty password is a lone terminator (OpenSSL) or nothing (Windows).
    """
    texts = []
    for encoding in ("utf-8", "latin-1"):
        try:
            texts.append(password.decode(encoding))
        except UnicodeDecodeError:
            continue
    passwords = [Password(b"", b"")] if not password else []
    for text in texts:
        bmp = text.encode("utf-16-be") + b"\0\0"
        passwords += [Password(bmp, octets) for octets in (text.encode(), password, bmp)]
    return list(dict.fromkeys(passwords))


def spend_for_mac(mac_data: pkcs12.MacData, budget: Budget) -> int:
    """Take the work of a file's MAC from the budget, and return its rounds. Raises ValueError for an unknown kind of
    MAC, and for more work than the budget has.
    """
    algorithm = mac_data["mac"]["digest_algorithm"]
    name = algorithm["algorithm"].native
    if name == _PBMAC1:
        derivation = _Pbmac1Parameters.load(algorithm["parameters"].dump())["key_derivation_func"]
        return _spend_for_pbkdf2(derivation, size=_pbmac1_size(derivation), budget=budget)
    _known_hash(name)
    return budget.spend(mac_data["iterations"].native, each=_ROUND_IN_PYTHON)


def mac_fits(mac_data: pkcs12.MacData, content: bytes, *, password: Password, budget: Budget) -> bool:
    """Whether the file's MAC fits this content and password. Raises ValueError as `spend_for_mac` does."""
    algorithm = mac_data["mac"]["digest_algorithm"]
    expected = mac_data["mac"]["digest"].native
    name = algorithm["algorithm"].native
    rounds = spend_for_mac(mac_data, budget)
    if name == _PBMAC1:
        parameters = _Pbmac1Parameters.load(algorithm["parameters"].dump())
        derivation = parameters["key_derivation_func"]
        key = _pbkdf2(derivation, size=_pbmac1_size(derivation), password=password, rounds=rounds)
        name = parameters["message_auth_scheme"]["algorithm"].native
    else:
        size = hashlib.new(name).digest_size
        salt = mac_data["mac_salt"].native
        key = pkcs12_key(password.bmp, salt, purpose=MAC, rounds=rounds, size=size, algorithm=name)
    return hmac.compare_digest(hmac.digest(key, content, _known_hash(name)), expected)


def spend_for_cipher(algorithm: algos.EncryptionAlgorithm, budget: Budget) -> int:
    """Take the work of deriving this cipher's key from the budget, and return its rounds. Raises ValueError for an
    unknown cipher, and for more work than the budget has.
    """
    name, parameters = algorithm["algorithm"].native, algorithm["parameters"]
    if name == "pbes2":
        return _spend_for_pbkdf2(parameters["key_derivation_func"], size=_pbes2_size(algorithm), budget=budget)
    if name not in _PBES1_KEYS:
        raise ValueError(f"the cipher {name} is not supported")
    digests = -(-_PBES1_KEYS[name] // hashlib.sha1(usedforsecurity=False).digest_size) + 1
    return budget.spend(parameters["iterations"].native, each=_ROUND_IN_PYTHON * digests)


def decrypt(algorithm: algos.EncryptionAlgorithm, data: bytes, *, password: Password, budget: Budget) -> bytes:
    """Decrypt the bytes. Raises ValueError if the padding shows a wrong password, and as `spend_for_cipher` does."""
    rounds = spend_for_cipher(algorithm, budget)
    if algorithm["algorithm"].native == "pbes2":
        scheme = algorithm["parameters"]["encryption_scheme"]
        derivation = algorithm["parameters"]["key_derivation_func"]
        key = _pbkdf2(derivation, size=_pbes2_size(algorithm), password=password, rounds=rounds)
        iv = scheme["parameters"].native
        return _decrypt_rc2(AES(key) if "aes" in scheme["algorithm"].native else TripleDES(key), data, iv=iv)
    if "rc2" in algorithm["algorithm"].native:
        budget.spend(len(data) // _RC2_BLOCK or 1, each=_BLOCK_OF_RC2)
    return _decrypt_pbes1(algorithm, data, password=password, rounds=rounds)


def _decrypt_pbes1(algorithm: algos.EncryptionAlgorithm, data: bytes, *, password: Password, rounds: int) -> bytes:
    name = algorithm["algorithm"].native
    size, salt = _PBES1_KEYS[name], algorithm["parameters"]["salt"].native
    key, iv = (
        pkcs12_key(password.bmp, salt, purpose=purpose, rounds=rounds, size=size, algorithm="sha1")
        for purpose, size in ((KEY, size), (IV, 8))
    )
    if "rc2" in name:
        bits = 8 * size
        return _unpadded(decrypt_rc2(data, key=key, bits=bits, iv=iv), bits=8 * _RC2_BLOCK)
    return _decrypt_rc2(TripleDES((key + key[:8])[:24]), data, iv=iv)  # of two keys, the first is used twice


def pkcs12_key(password: bytes, salt: bytes, *, purpose: int, rounds: int, size: int, algorithm: str) -> bytes:
    """The key derivation of RFC 7292 B.2. `password` is BMPString with its terminator; `size` in bytes."""
    hashed = getattr(hashlib, _known_hash(algorithm))  # hashlib.new would look for the name in each round
    empty = hashed()  # copied in each round: a new one would take twice as long as the copy and its digest
    block: int = empty.block_size
    mixed = _filled(salt, block) + _filled(password, block)
    key = b""
    while True:
        digest: bytes = hashed(bytes([purpose]) * block + mixed).digest()
        for _ in range(rounds - 1):
            once_more = empty.copy()
            once_more.update(digest)
            digest = once_more.digest()
        key += digest
        if len(key) >= size:
            return key[:size]
        addend = int.from_bytes((digest * block)[:block]) + 1
        mixed = b"".join(
            ((int.from_bytes(mixed[at : at + block]) + addend) % (1 << 8 * block)).to_bytes(block)
            for at in range(0, len(mixed), block)
        )


class _Pbmac1Parameters(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 - asn1crypto's way to declare a type
        ("key_derivation_func", algos.KdfAlgorithm),
        ("message_auth_scheme", algos.HmacAlgorithm),
    ]


def _pbmac1_size(derivation: algos.KdfAlgorithm) -> int:
    size = derivation["parameters"]["key_length"].native
    if not isinstance(size, int) or not 20 <= size <= 64:
        raise ValueError("PBMAC1 needs a key of 20 to 64 octets")
    return size


def _pbes2_size(algorithm: algos.EncryptionAlgorithm) -> int:
    name = algorithm["parameters"]["encryption_scheme"]["algorithm"].native
    if name not in _PBES2_KEYS:
        raise ValueError(f"the cipher {name} is not supported")
    return _PBES2_KEYS[name]


def _spend_for_pbkdf2(derivation: algos.KdfAlgorithm, *, size: int, budget: Budget) -> int:
    if derivation["algorithm"].native != "pbkdf2":
        raise ValueError(f"the key derivation {derivation['algorithm'].native} is not supported")
    parameters = derivation["parameters"]
    algorithm = _known_hash(parameters["prf"]["algorithm"].native)
    digests = -(-size // hashlib.new(algorithm, usedforsecurity=False).digest_size)
    return budget.spend(parameters["iteration_count"].native, each=digests)


def _pbkdf2(derivation: algos.KdfAlgorithm, *, size: int, password: Password, rounds: int) -> bytes:
    parameters = derivation["parameters"]
    algorithm = parameters["prf"]["algorithm"].native
    return hashlib.pbkdf2_hmac(algorithm, password.octets, parameters["salt"].native, rounds, size)


def _known_hash(name: str) -> str:
    if name not in _HASHES:
        raise ValueError(f"the hash {name} is not supported")
    return name


def _filled(data: bytes, block: int) -> bytes:
    """Repeat `data` up to a whole number of blocks; empty data stays empty."""
    size = -(-len(data) // block) * block
    return (data * (size // len(data) + 1))[:size] if data else b""


def _decrypt_rc2(cipher: BlockCipherAlgorithm, data: bytes, *, iv: bytes) -> bytes:
    decryptor = Cipher(cipher, CBC(iv)).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    return _unpadded(padded, bits=cipher.block_size)


def _unpadded(padded: bytes, *, bits: int) -> bytes:
    unpadder = PKCS7(bits).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


_RC2_BLOCK = 8

_RC2_TABLE = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32"
    "bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a"
    "961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e"
    "c5f3db47e5a59c770aa62068fe7fc1ad"
)
#: The rounds of mixing between those of mashing, and the rotation of each word.
_RC2_MIXING = (5, 6, 5)
_RC2_TURNS = (1, 2, 3, 5)
_WORD = 0xFFFF


def decrypt_rc2(data: bytes, *, key: bytes, bits: int, iv: bytes) -> bytes:
    """Decrypt bytes with RC2 in CBC, with their padding. `bits` is the effective size of the key. Raises ValueError for
    broken blocks.
    """
    if len(data) % _RC2_BLOCK or len(iv) != _RC2_BLOCK:
        raise ValueError("its encrypted content is not a whole number of blocks")
    words = _rc2_words(key, bits)
    plain, before = bytearray(), iv
    for at in range(0, len(data), _RC2_BLOCK):
        block = data[at : at + _RC2_BLOCK]
        plain += bytes(a ^ b for a, b in zip(_rc2_block(block, words), before, strict=True))
        before = block
    return bytes(plain)


def _rc2_words(key: bytes, bits: int) -> list[int]:
    """Expand the key (RFC 2268 2): 64 words of 16 bits."""
    size = (bits + 7) // 8
    grown = list(key)
    for at in range(len(key), 128):
        grown.append(_RC2_TABLE[(grown[at - 1] + grown[at - len(key)]) & 0xFF])
    grown[128 - size] = _RC2_TABLE[grown[128 - size] & (0xFF >> (8 * size - bits))]
    for at in reversed(range(128 - size)):
        grown[at] = _RC2_TABLE[grown[at + 1] ^ grown[at + size]]
    return [low | high << 8 for low, high in zip(grown[::2], grown[1::2], strict=True)]


def _rc2_block(block: bytes, words: list[int]) -> bytes:
    """Decrypt one block (RFC 2268 4): the steps of encryption, in reverse order."""
    state = [int.from_bytes(block[at : at + 2], "little") for at in range(0, _RC2_BLOCK, 2)]
    left = len(words)
    for number, rounds in enumerate(_RC2_MIXING):
        for at in (3, 2, 1, 0) if number else ():
            state[at] = (state[at] - words[state[at - 1] & 63]) & _WORD
        for _ in range(rounds):
            for at in (3, 2, 1, 0):
                left -= 1
                turned = (state[at] >> _RC2_TURNS[at] | state[at] << 16 - _RC2_TURNS[at]) & _WORD
                chosen = (state[at - 1] & state[at - 2]) + (~state[at - 1] & state[at - 3])
                state[at] = (turned - words[left] - chosen) & _WORD
    return b"".join(count.to_bytes(2, "little") for count in state)
