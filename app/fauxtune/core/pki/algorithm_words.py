"""The names of cryptographic algorithms as people write them."""

from __future__ import annotations

#: Names of asn1crypto, in words.
_ALGORITHMS: dict[str, str] = {
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "md5": "MD5",
    "rsassa_pkcs1v15": "RSA",
    "sha256_rsa": "RSA",
    "rsassa_pss": "RSA-PSS",
    "sha256_ecdsa": "ECDSA",
    "rsaes_pkcs1v15": "RSA (PKCS#1 v1.5)",
    "rsaes_oaep": "RSA (OAEP)",
    "aes128_cbc": "AES-128-CBC",
    "aes192_cbc": "AES-192-CBC",
    "aes256_cbc": "AES-256-CBC",
    "aes128_gcm": "AES-128-GCM",
    "aes192_gcm": "AES-192-GCM",
    "aes256_gcm": "AES-256-GCM",
    "tripledes_3key": "Triple DES",
    "des": "DES",
    "rc2": "RC2",
}


def algorithm_words(name: str) -> str:
    """Return an algorithm, by the name that asn1crypto gives it, as people write it; an unknown one as it is."""
    return _ALGORITHMS.get(name, name)
