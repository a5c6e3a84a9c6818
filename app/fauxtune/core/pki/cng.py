"""RSA keys as Windows' cryptography (CNG) exports them: RSAPUBLICBLOB, RSAPRIVATEBLOB and RSAFULLPRIVATEBLOB.

Microsoft's BCRYPT_RSAKEY_BLOB page: six 32-bit little-endian words (magic, bits, sizes of exponent, modulus
and primes), then the numbers, big-endian. The import cmdlets write their key files in this form.
"""

from __future__ import annotations

import struct

from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicKey,
    RSAPublicNumbers,
)

from fauxtune.core.errors import Invalid

_HEADER = struct.Struct("<6I")
_PUBLIC = 0x31415352  # "RSA1"
_SHORT_PRIVATE = 0x32415352  # "RSA2": only exponent, modulus and primes
_PRIVATE = 0x33415352  # "RSA3"
_NAMES = {_PUBLIC: "RSAPUBLICBLOB", _SHORT_PRIVATE: "RSAPRIVATEBLOB", _PRIVATE: "RSAFULLPRIVATEBLOB"}
_BITS = range(1024, 16385)


def write_public_blob(key: RSAPublicKey) -> bytes:
    """Write an RSAPUBLICBLOB: 283 bytes for 2,048 bits."""
    numbers = key.public_numbers()
    modulus, exponent = _bytes(numbers.n), _bytes(numbers.e)
    return _HEADER.pack(_PUBLIC, key.key_size, len(exponent), len(modulus), 0, 0) + exponent + modulus


def write_private_blob(key: RSAPrivateKey) -> bytes:
    """Write an RSAFULLPRIVATEBLOB, unencrypted: 1,179 bytes for 2,048 bits."""
    numbers = key.private_numbers()
    public = numbers.public_numbers
    modulus, exponent = _bytes(public.n), _bytes(public.e)
    prime_1, prime_2 = _bytes(numbers.p), _bytes(numbers.q)
    header = _HEADER.pack(_PRIVATE, key.key_size, len(exponent), len(modulus), len(prime_1), len(prime_2))
    parts = (
        exponent,
        modulus,
        prime_1,
        prime_2,
        numbers.dmp1.to_bytes(len(prime_1)),
        numbers.dmq1.to_bytes(len(prime_2)),
        numbers.iqmp.to_bytes(len(prime_1)),
        numbers.d.to_bytes(len(modulus)),
    )
    return header + b"".join(parts)


def read_public_blob(data: bytes) -> RSAPublicKey:
    """Read the key in an RSAPUBLICBLOB. Raises Invalid for anything else."""
    return _public_half(data, magic=_PUBLIC)


def read_public_half(data: bytes) -> RSAPublicKey:
    """Read the public key in a blob of any of the three kinds, and nothing else in it. Raises Invalid for
    other bytes.
    """
    kind = int.from_bytes(data[:4], "little")
    if kind not in _NAMES:
        raise Invalid(f"These bytes are no CNG blob of an RSA key: none of {', '.join(_NAMES.values())}.")
    return _public_half(data, magic=kind)


def read_private_blob(data: bytes) -> RSAPrivateKey:
    """Read the key in an RSAFULLPRIVATEBLOB. Raises Invalid for anything else, and for inconsistent numbers.

    The primes are not tested for primality: that would block the process for some 40 ms.
    """
    exponent_size, modulus_size, size_1, size_2 = _sizes(data, magic=_PRIVATE)
    e, n, p, q, dmp1, dmq1, iqmp, d = _numbers(
        data, (exponent_size, modulus_size, size_1, size_2, size_1, size_2, size_1, modulus_size)
    )
    fits = (
        p > 2
        and q > 2
        and p * q == n
        and e * d % (p - 1) == 1
        and e * d % (q - 1) == 1
        and dmp1 == d % (p - 1)
        and dmq1 == d % (q - 1)
        and iqmp * q % p == 1
    )
    if not fits:
        raise Invalid("The RSAFULLPRIVATEBLOB is damaged: its numbers do not belong to one RSA key.")
    try:
        return RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, RSAPublicNumbers(e, n)).private_key(
            unsafe_skip_rsa_key_validation=True
        )
    except ValueError as error:
        raise Invalid(f"The RSAFULLPRIVATEBLOB holds no RSA key: {error}") from None


def _public_half(data: bytes, *, magic: int) -> RSAPublicKey:
    sizes = _sizes(data, magic=magic)
    exponent, modulus = _numbers(data, (sizes[0], sizes[1]))
    try:
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise Invalid(f"The {_NAMES[magic]} holds no RSA key: {error}") from None


def _sizes(data: bytes, *, magic: int) -> tuple[int, int, int, int]:
    name = _NAMES[magic]
    if len(data) < _HEADER.size:
        raise Invalid(f"These bytes are too short for an {name}.")
    actual, bits, exponent, modulus, prime_1, prime_2 = _HEADER.unpack_from(data)
    if actual != magic:
        raise Invalid(f"These bytes are no {name}: they do not begin with {magic.to_bytes(4, 'little').decode()}.")
    halves = prime_1 + prime_2
    after = {_PUBLIC: 0, _SHORT_PRIVATE: halves, _PRIVATE: 2 * halves + prime_1 + modulus}[magic]
    expected = _HEADER.size + exponent + modulus + after
    # Multiplying numbers of megabytes would block the process for seconds.
    is_sized = modulus == (bits + 7) // 8 and max(prime_1, prime_2) <= modulus and 0 < exponent <= 8
    if bits not in _BITS or not is_sized or len(data) != expected:
        raise Invalid(f"The {name} is damaged: its sizes do not fit its {len(data)} bytes.")
    return exponent, modulus, prime_1, prime_2


def _numbers(data: bytes, sizes: tuple[int, ...]) -> list[int]:
    numbers, at = [], _HEADER.size
    for size in sizes:
        numbers.append(int.from_bytes(data[at : at + size]))
        at += size
    return numbers


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
