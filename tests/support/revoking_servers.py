"""What authorities with a server of their own share: the server, the fetching of revocations, and the list of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

_PAUSE = 0.2


class Authority(Protocol):
    """An authority that answers requests and fetches what it is to revoke."""

    url: str
    lock: threading.Lock

    def respond(self, path: str, body: bytes | None) -> tuple[int, str, bytes]:
        """Status, media type and body of the answer to a GET, or to a POST with this body."""

    def fetch_revocations(self) -> None:
        """Fetch what is to be revoked, do it, and report. The caller holds the lock."""


class _Handler(BaseHTTPRequestHandler):
    authority: Authority

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["content-length"])))

    def _answer(self, body: bytes | None) -> None:
        status, kind, content = self.authority.respond(self.path, body)
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(authority: Authority, *, fetches: bool = True) -> Iterator[None]:
    """Serve the authority at a free port, and let it fetch revocations, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"authority": authority}))
    authority.url = f"http://127.0.0.1:{server.server_port}/scep"
    stop = threading.Event()

    def fetch() -> None:
        while not stop.wait(_PAUSE):
            with authority.lock:
                authority.fetch_revocations()

    threads = [threading.Thread(target=function) for function in (server.serve_forever, *([fetch] if fetches else []))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        server.shutdown()
        server.server_close()
        for thread in threads:
            thread.join()


def revocation_list(serials: Iterable[int], *, certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> bytes:
    """The CRL of an authority, DER."""
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(certificate.subject)
    builder = builder.last_update(now).next_update(now + timedelta(days=1))
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
        builder = builder.add_revoked_certificate(revoked)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
