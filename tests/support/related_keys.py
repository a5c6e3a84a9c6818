"""RSA keys of which no two are the same, at the price of few: each pair of primes that were made is a key.

Whoever has two of them can compute both, so they are for tests only. Nothing else tells them from keys made alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography.hazmat.primitives.asymmetric import rsa

#: The length of the keys.
BITS = 2048
_EXPONENT = 65537
#: As it is before a process lets it return keys of these.
_make = rsa.generate_private_key


def related_keys(primes: Iterable[int] = ()) -> Iterator[rsa.RSAPrivateKey]:
    """Return new RSA-2048 keys without end: of n keys that are made, n(2n-1) come, and more with primes that are there.

    Two calls with the same primes never return the same key, as each key has a prime that the call has made.
    """
    known = list(set(primes))
    while True:
        made = _make(public_exponent=_EXPONENT, key_size=BITS)
        yield made
        numbers = made.private_numbers()
        for earlier in known:
            for prime in (numbers.p, numbers.q):
                yield _key_of(max(earlier, prime), min(earlier, prime))
        known += [numbers.p, numbers.q]


def _key_of(p: int, q: int) -> rsa.RSAPrivateKey:
    """Return the key of two primes, of which OpenSSL has set the highest bits so that their product has all bits."""
    d = rsa.rsa_recover_private_exponent(_EXPONENT, p, q)
    numbers = rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
