"""Ten certificates of one user for 100 and for 1,000 devices: the cost must not grow faster than the devices, nor be
many times that of the bare encryption, committed in as many transactions as there are devices. Processor time is
measured.

What grows is SQLite's part: a commit changes pages in more places of a larger file, 1.1 ms for each of 1,000 devices
and 0.7 for each of 100. No statement reads more.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory

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
    sealed = _sealed_seconds(1000)
    name = "10,000 raw envelopes in 1,000 commits / the former"
    yield Row(name, f"{many:.1f} s", f"{sealed:.1f} s", sealed / many, 0.25)


def _seconds(devices: int) -> float:
    return asyncio.run(inside.fan_out_seconds(devices=devices, imports=_IMPORTS))


def _sealed_seconds(devices: int) -> float:
    """The least that must be done for each device: seal the passwords of all files for it, and commit them to SQLite
    as the server does.
    """
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "device")])
    now = datetime.now(UTC)
    recipient = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(
        key, hashes.SHA256()
    )

    def sealed() -> bytes:
        envelope = pkcs7.PKCS7EnvelopeBuilder().set_data(b"a-password-of-24-letters").add_recipient(recipient)
        return envelope.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])

    with TemporaryDirectory(prefix="fauxtune-bench-") as folder, closing(sqlite3.connect(f"{folder}/raw")) as database:
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE sealed (device, file)")
        start = time.process_time()
        for device in range(devices):
            database.executemany("INSERT INTO sealed VALUES (?, ?)", [(device, sealed()) for _ in range(_IMPORTS)])
            database.commit()
        return time.process_time() - start
