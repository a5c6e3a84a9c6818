"""A connector as a process of its own: it asks for work, does it with its own keys, and brings the answers.

It knows the service by a channel alone (`Channel`), outbound; nothing ever calls it. Whatever goes wrong on the way is
tried again: what it was at work on comes back to it, or to another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from threading import Event
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector import wire
from fauxtune.connector.key_folder import Folder
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.work import ConnectorTools, Done, do
from fauxtune.core.errors import Conflict, NotFound, Unavailable

Json = dict[str, Any]

#: Seconds: how long the service may let it wait, and between two tries to reach it.
_WAIT = 20.0
_PAUSES = (0.5, 1.0, 2.0, 5.0)
_MOST = 8


class Channel(Protocol):
    """The way to the service. Raises the facts of core.errors; Unavailable where nobody answers."""

    def start(self, greeting: Json) -> Json:
        """A new session; what the connector is to the service."""
        ...

    def lease(self, *, most: int, wait: float) -> Json:
        """Work."""
        ...

    def certify(self, request_id: str, body: Json) -> list[str]:
        """The authority's door."""
        ...

    def bring(self, request_id: str, result: Json) -> bool:
        """A result; was it taken?"""
        ...

    def revoke(self, serial: str) -> None:
        """Have a certificate revoked."""
        ...

    def stop(self) -> None:
        """The session ends."""
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """The process. `password` gives a new one for each file; `told` gets a line about everything that happens."""

    channel: Channel
    folder: Folder
    source: KeySource
    workers: Executor
    password: Callable[[], str]
    told: Callable[[str], None]

    def run(self, greeting: Json, *, stopped: Event) -> None:
        """Until it is stopped. Conflict when another run takes its place, NotAllowed when it is not let in."""
        failures = 0
        while not stopped.is_set():
            try:
                known = self.channel.start({**greeting, "keys": self.folder.public_keys()})
                self.told(f"serving as '{known['name']}' ({', '.join(known['roles'])})")
                failures = 0
                while not stopped.is_set():
                    self.turn(wait=_WAIT)
                    failures = 0
            except Unavailable as error:
                pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
                failures += 1
                self.told(f"{error.message} Trying again in {pause:g} seconds.")
                stopped.wait(pause)

    def turn(self, *, wait: float) -> int:
        """One look for work, and the work; how much it was."""
        found = self.channel.lease(most=_MOST, wait=wait)
        for each in found["revocations"]:
            self.channel.revoke(each["serial"])
            self.told(f"revoked {each['serial']} at the authority {each['authority']}")
        requests: Sequence[Json] = found["requests"]
        for line in self.workers.map(self._serve, requests):
            self.told(line)
        return len(requests) + len(found["revocations"])

    def _serve(self, request: Json) -> str:
        try:
            done = self._done(request)
            taken = self.channel.bring(request["id"], wire.done_document(done))
        except (Conflict, NotFound) as error:
            return f"lost the request {request['id']} ({request['role']}): {error.message}"
        how = "refused" if done.refusal is not None else "answered" if taken else "answered in vain"
        why = f": {done.refusal.message}" if done.refusal is not None else ""
        return f"{how} the request {request['id']} ({request['role']}){why}"

    def _done(self, request: Json) -> Done:
        def certify(csr: x509.CertificateSigningRequest) -> Sequence[x509.Certificate]:
            found = self.channel.certify(request["id"], self._application(csr, digicert=request["digicert"]))
            return [x509.load_der_x509_certificate(wire.data(each)) for each in found]

        hands = ConnectorTools(keys=self.folder, source=self.source, password=self.password())
        return do(wire.read_work(request["work"]), hands=hands, certify=certify)

    def _application(self, csr: x509.CertificateSigningRequest, *, digicert: bool) -> Json:
        der = csr.public_bytes(Encoding.DER)
        key = self.folder.ra_key() if digicert else None
        proof = None if key is None else wire.text(key.sign(der, PKCS1v15(), hashes.SHA256()))
        return {"csr": wire.text(der), "proof": proof}
