"""A connector as a process of its own: it leases work, does it with its own keys, and delivers the results.

Its only connection is an outbound channel to the service (`Channel`). If the channel fails it tries again, and the
service leases the unfinished work once more, to this connector or another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector import wire
from fauxtune.connector.issue import NewKey
from fauxtune.connector.key_folder import Folder
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.passwords import Passwords
from fauxtune.connector.work import ConnectorTools, Done, do
from fauxtune.core.errors import Conflict, NotFound, Unavailable
from fauxtune.core.model.text import JsonObject

#: Seconds: the longest wait for work in one request, and the pauses between attempts to reach the service.
_WAIT = 20.0
_PAUSES = (0.5, 1.0, 2.0, 5.0)
_MOST = 8


class Channel(Protocol):
    """The connection to the service. Raises the errors of core.errors; Unavailable if the service does not answer."""

    def start(self, hello: JsonObject) -> JsonObject:
        """Start a session; return the connector as the service knows it."""
        ...

    def lease(self, *, most: int, wait: float) -> JsonObject:
        """Lease work."""
        ...

    def certify(self, request_id: str, body: JsonObject) -> list[str]:
        """Have the certification authority issue a certificate."""
        ...

    def deliver(self, request_id: str, result: JsonObject) -> bool:
        """Deliver a result; return whether the service still needed it."""
        ...

    def revoke(self, serial: str) -> None:
        """Have the authority revoke a certificate."""
        ...

    def stop(self) -> None:
        """End the session."""
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """The connector's process. `password` returns a new password for each file; `log` gets a line for each event."""

    channel: Channel
    folder: Folder
    source: KeySource
    workers: Executor
    password: Callable[[], str]
    log: Callable[[str], None]
    passwords: Passwords = field(default_factory=Passwords, repr=False)

    def run(self, hello: JsonObject, *, stopped: Event) -> None:
        """Serve until `stopped` is set. Raises Conflict if another process takes over, NotAllowed if it is not
        admitted.
        """
        failures = 0
        while not stopped.is_set():
            try:
                connector = self.channel.start({**hello, "keys": self.folder.public_keys()})
                self.log(f"serving as '{connector['name']}' ({', '.join(connector['roles'])})")
                failures = 0
                while not stopped.is_set():
                    self.serve_once(wait=_WAIT)
                    failures = 0
            except Unavailable as error:
                pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
                failures += 1
                self.log(f"{error.message} Trying again in {pause:g} seconds.")
                stopped.wait(pause)

    def serve_once(self, *, wait: float) -> int:
        """Lease work once and do it; return the number of requests and revocations."""
        work = self.channel.lease(most=_MOST, wait=wait)
        for revocation in work["revocations"]:
            self.channel.revoke(revocation["serial"])
            self.log(f"revoked {revocation['serial']} at the authority {revocation['authority']}")
        requests: Sequence[JsonObject] = work["requests"]
        for line in self.workers.map(self._serve, requests):
            self.log(line)
        return len(requests) + len(work["revocations"])

    def _serve(self, request: JsonObject) -> str:
        try:
            done = self._done(request)
            was_needed = self.channel.deliver(request["id"], wire.done_document(done))
        except (Conflict, NotFound) as error:
            return f"lost the request {request['id']} ({request['role']}): {error.message}"
        how = "refused" if done.refusal is not None else "answered" if was_needed else "answered too late"
        why = f": {done.refusal.message}" if done.refusal is not None else ""
        return f"{how} the request {request['id']} ({request['role']}){why}"

    def _done(self, request: JsonObject) -> Done:
        def certify(key: NewKey) -> Sequence[x509.Certificate]:
            application = self._application(key.request(), digicert=request["digicert"])
            chain = self.channel.certify(request["id"], application)
            return [x509.load_der_x509_certificate(wire.data(certificate)) for certificate in chain]

        tools = ConnectorTools(keys=self.folder, source=self.source, password=self.password(), passwords=self.passwords)
        return do(wire.read_work(request["work"]), tools=tools, certify=certify)

    def _application(self, csr: x509.CertificateSigningRequest, *, digicert: bool) -> JsonObject:
        der = csr.public_bytes(Encoding.DER)
        key = self.folder.ra_key() if digicert else None
        proof = None if key is None else wire.text(key.sign(der, PKCS1v15(), hashes.SHA256()))
        return {"csr": wire.text(der), "proof": proof}
