"""Ten certificates of one user for 100 and for 1,000 devices: the cost must not grow faster than the devices, nor be
many times that of the bare encryption. Processor time is measured.

What grows is SQLite's part: a commit changes pages in more places of a larger file, 1.1 ms for each of 1,000 devices
and 0.7 for each of 100. No statement reads more.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from bench import inside
from bench.rows import Row

_IMPORTS = 10


def rows() -> Iterator[Row]:
    """Two rows: the growth of the cost, and the bare encryption. The short run is measured before and after the long
    one.
    """
    few = [_seconds(100), _seconds(100)]
    many = _seconds(1000)
    few += [_seconds(100), _seconds(100)]
    yield Row(
        "10 certificates to 1,000 devices / to 100",
        f"{many:.1f} s",
        f"{statistics.median(few):.2f} s",
        many / statistics.median(few),
        11,
        at_most=True,
    )
    sealed = _sealed_seconds(1000 * _IMPORTS)
    yield Row(
        "10,000 files sealed raw / 10 certificates to 1,000", f"{many:.1f} s", f"{sealed:.1f} s", sealed / many, 0.25
    )


def _seconds(devices: int) -> float:
    return asyncio.run(inside.fan_out_seconds(devices=devices, imports=_IMPORTS))


def _sealed_seconds(count: int) -> float:
    """The least that a connector must do for each device and certificate: seal the password for the device."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "device")])
    now = datetime.now(UTC)
    recipient = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(
        key, hashes.SHA256()
    )
    start = time.process_time()
    for _ in range(count):
        envelope = pkcs7.PKCS7EnvelopeBuilder().set_data(b"a-password-of-24-letters").add_recipient(recipient)
        envelope.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    return time.process_time() - start
