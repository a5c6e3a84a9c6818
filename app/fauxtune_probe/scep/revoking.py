"""Revocation in the test bench: asked for in the queue that the authority fetches, and looked for in its CRL."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from fauxtune.core.administration import emulation
from fauxtune.core.administration import scep as tasks
from fauxtune.core.pki.names import serial_hex
from fauxtune_client.endpoints import Refused
from fauxtune_probe.scep.scene import Bench, Scene

_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Revocation:
    """What became of a revocation: the state of the request in the queue, its error, and whether the CRL lists the
    certificate (None if there is no CRL that can be read).
    """

    state: str | None
    error: str | None = None
    is_listed: bool | None = None

    @property
    def is_done(self) -> bool:
        """Whether the authority says that it has revoked."""
        return self.state == "revoked"


def wait_for(done: Callable[[], bool], seconds: float) -> None:
    """Return when it is done, at the latest after so many seconds."""
    ends = time.monotonic() + seconds
    while not done() and time.monotonic() < ends:
        time.sleep(_PAUSE)


@dataclass(frozen=True, slots=True)
class Revoker:
    """`seconds`: how long the authority may take; `crl_url`: the CRL, in place of the one that certificates name."""

    scene: Scene
    bench: Bench
    seconds: float
    crl_url: str | None = None

    def revoke(self, issued: x509.Certificate, *, key: str, issuer: str | None) -> Revocation:
        """Have a certificate revoked. `key`: its thumbprint, by which the service knows what the authority reported; or
        its serial number, then with the `issuer`.
        """
        result = Revocation("revoked") if self._revoke_own(issued) else self.ask(key, issuer=issuer)
        if not result.is_done:
            return result
        return Revocation(result.state, result.error, self._is_listed(issued))

    def ask(self, key: str, *, issuer: str | None) -> Revocation:
        """Ask the authority to revoke. The tenant's clock is put forward where it has asked for revocations within the
        60 minutes before, in which the service hands out none.
        """
        answer = self.scene.send(tasks.ask_for_revocation(key, issuer=issuer))
        request_id, row = str(answer["id"]), dict[str, Any]()

        def has_ended() -> bool:
            rows = self.scene.client.control_list("/scep/revocations")
            row.update(next((each for each in rows if each["id"] == request_id), {}))
            return row.get("state") in ("revoked", "failed")

        with nullcontext() if answer["availableDateTime"] is None else self.scene.later("PT61M"):
            wait_for(has_ended, self.seconds)
        return Revocation(row.get("state"), row.get("errorCode"))

    def is_own(self, issued: x509.Certificate) -> bool:
        """Whether the tenant's own authority issued a certificate: nobody fetches revocations for it."""
        try:
            self.scene.client.control("GET", f"/certificates/{serial_hex(issued)}")
        except Refused as refused:
            if refused.status != 404:
                raise
            return False
        return True

    def _revoke_own(self, issued: x509.Certificate) -> bool:
        if not self.is_own(issued):
            return False
        self.scene.send(emulation.revoke_certificate(serial_hex(issued)))
        return True

    def _is_listed(self, issued: x509.Certificate) -> bool | None:
        url = self.crl_url or _crl_of(issued)
        if url is None:
            return None
        result: list[bool | None] = [None]

        def is_there() -> bool:
            result[0] = _listed(self.bench.fetch(url), issued)
            return bool(result[0])

        wait_for(is_there, min(self.seconds, 5.0))
        return result[0]


def _crl_of(issued: x509.Certificate) -> str | None:
    """The first http address of a CRL that a certificate names (RFC 5280 4.2.1.13)."""
    try:
        points = issued.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    names = (name.value for point in points for name in point.full_name or ())
    return next((str(each) for each in names if str(each).startswith(("http://", "https://"))), None)


def _listed(content: bytes | None, issued: x509.Certificate) -> bool | None:
    if content is None:
        return None
    try:
        load = x509.load_pem_x509_crl if content.lstrip().startswith(b"-----") else x509.load_der_x509_crl
        return load(content).get_revoked_certificate_by_serial_number(issued.serial_number) is not None
    except ValueError:
        return None
