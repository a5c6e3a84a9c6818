"""Requests by SCEP (Microsoft: ClientCertificateInstall CSP, SCEP; on phones 8.1 CertificateStore CSP, My/SCEP): start
them, send them, and install what is issued.

Executing `Enroll` starts a request with the values that the nodes have then. The device sends it before it answers the
message, and asks about one that is pending in later sessions. Deleting the node removes certificate and key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from fauxtune_sim.device.enrollment import Refusal
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.scep.csr import ENCRYPTION, SIGNING, Failure, RequestSettings, ScepFailed, ScepSettings, read_subject
from fauxtune_sim.scep.enroller import Enroller, Issued, present_identity
from fauxtune_sim.windows.certificates import (
    ACCESS_DENIED,
    INVALID_ARGUMENT,
    InstallFailed,
    alias_of,
    provider_of,
)
from fauxtune_sim.windows.exec_nodes import ENROLL
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.nodes import Path
from fauxtune_sim.windows.state import KeyPlace, RequestStatus, ScepRequest
from fauxtune_sim.windows.tree import NodeRefusal, refusal_of_owner, uri_of

INSTALL = "Install"
_BELOW = (("Vendor", "MSFT", "ClientCertificateInstall", "SCEP"), ("Vendor", "MSFT", "CertificateStore", "My", "SCEP"))
_PROVIDER = "ClientCertificateInstall"
#: The leaves without which a certificate cannot be requested.
_REQUIRED = ("ServerURL", "EKUMapping", "KeyUsage", "SubjectName", "KeyLength", "HashAlgorithm")
_KEY_USAGES = {SIGNING: 0x80, ENCRYPTION: 0x20}
_KEY_LENGTHS = (1024, 2048, 4096)
_PERIODS = ("Days", "Months", "Years")
_MOST_RETRIES = 30
#: `format+name` pairs, separated by semicolons. certenroll.h: AlternativeNameType.
_NAME = re.compile(r"(?:^|;)\s*(?P<kind>[0-9]+)\+(?P<name>.*?)(?=;\s*[0-9]+\+|;?\s*$)", re.DOTALL)
_MAIL, _DNS, _URL, _PRINCIPAL = "2", "3", "7", "11"
#: Windows error numbers (winerror.h, wininet.h). Unverified: which goes with which failure.
_ERRORS = {
    Failure.NETWORK: 0x80072EFD,  # ERROR_INTERNET_CANNOT_CONNECT
    Failure.CA_CERTIFICATE: 0x80092004,  # CRYPT_E_NOT_FOUND
    Failure.FINGERPRINT: 0x800B0109,  # CERT_E_UNTRUSTEDROOT
    Failure.SETTINGS: INVALID_ARGUMENT,
    Failure.ANSWER: 0x8009100D,  # CRYPT_E_UNEXPECTED_MSG_TYPE
    Failure.TOO_LATE: 0x80072EE2,  # ERROR_INTERNET_TIMEOUT
    Failure.OTHER_KEY: 0x80090015,  # NTE_BAD_PUBLIC_KEY
}
_REFUSED = {
    "badAlg": 0x80090008,  # NTE_BAD_ALGID
    "badMessageCheck": 0x80091007,  # CRYPT_E_HASH_VALUE
    "badRequest": 0x80094001,  # CERTSRV_E_BAD_REQUESTSUBJECT
    "badTime": 0x800B0101,  # CERT_E_EXPIRED
    "badCertId": 0x80094004,  # CERTSRV_E_PROPERTY_EMPTY
}
_REFUSED_OTHERWISE = 0x80094800  # CERTSRV_E_UNSUPPORTED_CERT_TYPE


def apply_changes(machine: Machine, touched: Iterable[Path]) -> None:
    """Note the requests of executed nodes, and remove the keys of deleted ones. Raises NodeRefusal for a request that
    cannot be started.
    """
    for path in touched:
        root = _root_of(path)
        if root is None:
            continue
        if path[-2:] == ENROLL:
            _start(machine, root)
        elif root not in machine.state.nodes:
            _forget(machine, root)


def _root_of(path: Path) -> Path | None:
    """The node of the request that a path belongs to, or None."""
    at = 1 if path[:1] == ("User",) else 0
    for below in _BELOW:
        end = at + len(below)
        if path[at:end] == below and len(path) > end:
            return path[: end + 1]
    return None


def _forget(machine: Machine, root: Path) -> None:
    machine.state.requests.pop(root, None)
    place = machine.state.keys.pop(root, None)
    if place is not None:
        machine.device.keystore.remove(place.alias)


def _start(machine: Machine, root: Path) -> None:
    """Note a request, in place of its node's former one. The challenge is deleted from the node."""
    if root not in machine.state.nodes:
        raise NodeRefusal(404, f"there is no {uri_of(root)}", node=(*root, *ENROLL))
    refusal = refusal_of_owner(machine.device, Delivery.SCEP, node=(*root, *ENROLL))
    if refusal is not None:
        code = machine.device.refusals[Delivery.SCEP] or ACCESS_DENIED
        if code < ACCESS_DENIED:
            raise refusal
        machine.state.requests[root] = ScepRequest(RequestStatus.FAILED, error=code)
        return
    challenge = machine.state.nodes.pop((*root, INSTALL, "Challenge"), None) or ""
    machine.state.requests[root] = ScepRequest(RequestStatus.PENDING, challenge=challenge, is_new=True)


def open_requests(machine: Machine, *, new: bool = False) -> dict[Path, ScepRequest]:
    """The requests without an answer, by their nodes: the `new` ones, which were not sent yet, or all. Those of a user
    wait until that user is logged in.
    """
    return {
        root: request
        for root, request in machine.state.requests.items()
        if request.status == RequestStatus.PENDING
        and (request.is_new or not new)
        and (machine.user or root[0] != "User")
    }


class _NotIssued(Exception):
    """There is no certificate; `request` as it is now."""

    def __init__(self, why: str, request: ScepRequest) -> None:
        super().__init__(why)
        self.request = request


async def send_requests(machine: Machine, enroller: Enroller, *, new: bool = False) -> list[Refusal]:
    """Send the requests that were started, and ask about those that are pending unless `new`; install what is issued.
    A failure is the request's ErrorCode. Returns those that brought no certificate, with the reason.
    """
    refusals = []
    for root, request in open_requests(machine, new=new).items():
        try:
            machine.state.requests[root] = await _sent(machine, root, request=request, enroller=enroller)
        except _NotIssued as why:
            machine.state.requests[root] = why.request
            is_pending = why.request.status == RequestStatus.PENDING
            refusals.append(Refusal(_PROVIDER, uri_of(root), str(why), is_pending=is_pending))
    return refusals


async def _sent(machine: Machine, root: Path, *, request: ScepRequest, enroller: Enroller) -> ScepRequest:
    """The finished request, which was sent or asked about. Raises _NotIssued if there is no certificate."""
    url = ""
    try:
        settings, provider = _read(machine, root, challenge=request.challenge)
        url = settings.url
        issued = await enroller.enroll(settings, renews=_renewed(machine, root, settings=settings))
    except InstallFailed as failed:
        raise _NotIssued(str(failed), ScepRequest(RequestStatus.FAILED, error=failed.number)) from failed
    except ScepFailed as failed:
        raise _NotIssued(str(failed), _after_failure(failed, url)) from failed
    _install(machine, root, issued=issued, provider=provider, digest=settings.identifier)
    return ScepRequest(RequestStatus.FINISHED, server=url)


def _after_failure(failed: ScepFailed, url: str) -> ScepRequest:
    """The request for which the server at `url` has issued nothing."""
    if failed.failure is Failure.PENDING:
        return ScepRequest(RequestStatus.PENDING, server=url)
    answered = "" if failed.failure is Failure.NETWORK else url
    return ScepRequest(RequestStatus.FAILED, error=_number_of(failed), server=answered)


def _number_of(failed: ScepFailed) -> int:
    if failed.failure is Failure.REFUSED:
        return _REFUSED.get(failed.fail_info, _REFUSED_OTHERWISE)
    return _ERRORS[failed.failure]


def _renewed(machine: Machine, root: Path, *, settings: ScepSettings) -> DeviceIdentity | None:
    """The identity that a request renews: one that was requested with the same settings in the same scope.

    Unverified: how the device knows; the CSP has no node for it.
    """
    store = machine.device.keystore
    for other, place in machine.state.keys.items():
        entry = store.entries.get(place.alias)
        if entry is not None and entry.digest == settings.identifier and other[:-1] == root[:-1]:
            return present_identity(store, place.alias)
    return None


def _install(machine: Machine, root: Path, *, issued: Issued, provider: str, digest: str) -> None:
    alias = alias_of(root, machine.device.platform)
    machine.device.keystore.install(issued.entry(alias, digest=digest))
    machine.state.keys[root] = KeyPlace(alias=alias, provider=provider, exportable=False)


def _read(machine: Machine, root: Path, *, challenge: str) -> tuple[ScepSettings, str]:
    """The request that the nodes describe, and the provider for its key. Raises InstallFailed for missing or wrong
    values.

    Unverified: that the challenge goes into the request as it stands; the CSP calls it "B64 encoded", which a challenge
    of Intune is already.
    """

    def leaf(name: str) -> str:
        return machine.tree.value((*root, INSTALL, name)) or ""

    missing = [name for name in _REQUIRED if not leaf(name)]
    if missing:
        raise InstallFailed(INVALID_ARGUMENT, f"{', '.join(missing)} of the request is not set")
    bits, usage = int(leaf("KeyLength")), int(leaf("KeyUsage"))
    usages = tuple(word for word, bit in _KEY_USAGES.items() if usage & bit)
    if bits not in _KEY_LENGTHS or not usages:
        raise InstallFailed(INVALID_ARGUMENT, f"no key has the length {bits} and the usage {usage}")
    provider = provider_of(
        leaf("KeyProtection"), container=leaf("ContainerName"), has_tpm=machine.hardware.has_tpm, bits=bits
    )
    try:
        request = _request(leaf("SubjectName"), leaf("SubjectAlternativeNames"))
        fingerprint = bytes.fromhex(leaf("CAThumbprint")) or None
    except ValueError as broken:
        raise InstallFailed(INVALID_ARGUMENT, str(broken)) from broken
    urls = tuple(part.strip() for part in leaf("ServerURL").split(";"))
    period, number = leaf("ValidPeriod"), int(leaf("ValidPeriodUnits"))
    return (
        ScepSettings(
            url=urls[0],
            other_urls=urls[1:],
            request=replace(
                request,
                challenge=challenge,
                key_size=bits,
                key_usages=usages,
                extended_key_usages=tuple(oid for oid in leaf("EKUMapping").split("+") if oid),
                digest="sha256" if "SHA-2" in leaf("HashAlgorithm").upper() else "sha1",
                template=leaf("TemplateName"),
                validity=(period, number) if number > 0 and period in _PERIODS else None,
            ),
            fingerprint=fingerprint,
            retries=max(0, min(int(leaf("RetryCount")), _MOST_RETRIES)),
            retry_delay=60.0 * max(1, int(leaf("RetryDelay"))),
            waits=False,
        ),
        provider,
    )


def _request(subject: str, names: str) -> RequestSettings:
    """The names of a request. Raises ValueError if they cannot be read."""
    pairs = [(match["kind"], match["name"].strip()) for match in _NAME.finditer(names)]
    if names.strip() and not pairs:
        raise ValueError(f"SubjectAlternativeNames {names!r} has no format+name pairs")
    return RequestSettings(
        subject=read_subject(subject),
        mail_names=_of_kind(pairs, _MAIL),
        dns_names=_of_kind(pairs, _DNS),
        uris=_of_kind(pairs, _URL),
        principal_names=_of_kind(pairs, _PRINCIPAL),
    )


def _of_kind(pairs: list[tuple[str, str]], kind: str) -> tuple[str, ...]:
    return tuple(name for each, name in pairs if each == kind)
