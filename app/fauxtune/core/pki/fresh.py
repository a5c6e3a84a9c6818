"""What is made with fresh randomness: private keys, random bytes, messages encrypted for an RSA key.

The library makes it, from the operating system's randomness; in work that can be repeated (`core.chance`) the same
things are computed from that work's stream. ECDSA signatures need no randomness at all (RFC 6979), anywhere.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from math import gcd, prod

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fauxtune.core import chance

EXPONENT = 65537
#: ECDSA without a random number, which a signature would otherwise depend on (RFC 6979).
SHA256_ECDSA = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
_PKCS1 = PKCS1v15()
#: A candidate that a prime below this divides is not tested further.
_SMALL = 20_000
#: Keys that were computed from a stream: tests repeat the same tenants.
_REMEMBERED = 256


def repeats(key: object) -> bool | None:
    """Return what the library's builders are told with this key: True, an ECDSA signature without a random number;
    None for other keys, with which they accept nothing else.
    """
    return True if isinstance(key, ec.EllipticCurvePrivateKey) else None


def random_octets(count: int) -> bytes:
    """Return so many random bytes, 16 or 32."""
    work = chance.present()
    # The library's generator of keys makes them: the core has no source of its own.
    return AESGCM.generate_key(8 * count) if work is None else work.stream.octets(count)


def rsa_key(bits: int) -> RSAPrivateKey:
    """Return a new RSA key. Blocks: 55 ms for 2,048 bits, twice that in work that can be repeated."""
    work = chance.present()
    if work is None:
        return rsa.generate_private_key(public_exponent=EXPONENT, key_size=bits)
    return _rsa_key_of(work.stream.octets(32), bits)


def ec_key(curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    """Return a new key on this curve."""
    work = chance.present()
    if work is None:
        return ec.generate_private_key(curve)
    return ec.derive_private_key(1 + work.stream.below(curve.group_order - 1), curve)


def encrypted_for(key: RSAPublicKey, message: bytes) -> bytes:
    """Encrypt a short message by RSAES-PKCS1-v1_5 (RFC 8017 7.2.1)."""
    work = chance.present()
    if work is None:
        return key.encrypt(message, _PKCS1)
    length = (key.key_size + 7) // 8
    # The padding has no zeros; a byte from 1 to 255 each.
    padding = bytes(1 + byte % 255 for byte in work.stream.octets(length - len(message) - 3))
    return _raised(key, b"\0\2" + padding + b"\0" + message)


def encrypted_by_oaep(key: RSAPublicKey, message: bytes, *, algorithm: hashes.HashAlgorithm) -> bytes:
    """Encrypt a short message by RSAES-OAEP with this hash and an empty label (RFC 8017 7.1.1). Raises ValueError for a
    message that is too long.
    """
    work = chance.present()
    if work is None:
        return key.encrypt(message, OAEP(MGF1(algorithm), algorithm, label=None))
    length, size = (key.key_size + 7) // 8, algorithm.digest_size
    room = length - 2 * size - 2 - len(message)
    if room < 0:
        raise ValueError("the message is too long")
    data = hashlib.new(algorithm.name).digest() + bytes(room) + b"\1" + message
    seed = work.stream.octets(size)
    masked = _xor(data, _mask(seed, len(data), algorithm=algorithm.name))
    return _raised(key, b"\0" + _xor(seed, _mask(masked, size, algorithm=algorithm.name)) + masked)


def _raised(key: RSAPublicKey, encoded: bytes) -> bytes:
    numbers = key.public_numbers()
    return pow(int.from_bytes(encoded), numbers.e, numbers.n).to_bytes(len(encoded))


def _mask(seed: bytes, length: int, *, algorithm: str) -> bytes:
    """Return MGF1 (RFC 8017 B.2.1)."""
    count = -(-length // hashlib.new(algorithm).digest_size)
    blocks = (hashlib.new(algorithm, seed + number.to_bytes(4)).digest() for number in range(count))
    return b"".join(blocks)[:length]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


@cache
def _product() -> int:
    """Return the product of the small odd primes."""
    sieve = bytearray(b"\1") * _SMALL
    for n in range(3, int(_SMALL**0.5) + 1, 2):
        sieve[n * n :: 2 * n] = bytes(len(sieve[n * n :: 2 * n]))
    return prod(n for n in range(3, _SMALL, 2) if sieve[n])


@lru_cache(maxsize=_REMEMBERED)
def _rsa_key_of(seed: bytes, bits: int) -> RSAPrivateKey:
    """Return the RSA key that a seed fixes, from random primes (FIPS 186-5 A.1.3)."""
    stream = chance.Stream(seed.hex())
    p = _prime(stream, bits - bits // 2)
    q = _prime(stream, bits // 2)
    while abs(p - q).bit_length() <= bits // 2 - 100:
        q = _prime(stream, bits // 2)
    p, q = max(p, q), min(p, q)
    d = pow(EXPONENT, -1, (p - 1) * (q - 1) // gcd(p - 1, q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=d % (p - 1),
        dmq1=d % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(EXPONENT, p * q),
    )
    # Its primes were tested here.
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _prime(stream: chance.Stream, bits: int) -> int:
    """Return a prime of so many bits, whose two upper bits are set: then the product has twice as many."""
    while True:
        candidate = int.from_bytes(stream.octets(bits // 8)) | (3 << (bits - 2)) | 1
        if gcd(candidate, _product()) == 1 and gcd(candidate - 1, EXPONENT) == 1 and _is_prime(candidate):
            return candidate


def _is_prime(candidate: int) -> bool:
    """Whether this is a prime. OpenSSL tests the primes of a key that is loaded, fifteen times as fast as Python could:
    here of a key of the candidate and 3, with which nothing else is wrong.
    """
    d = pow(EXPONENT, -1, 2 * (candidate - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=candidate,
        q=3,
        d=d,
        dmp1=d % (candidate - 1),
        dmq1=d % 2,
        iqmp=pow(3, -1, candidate),
        public_numbers=rsa.RSAPublicNumbers(EXPONENT, 3 * candidate),
    )
    try:
        numbers.private_key()
    except ValueError:
        return False
    return True
