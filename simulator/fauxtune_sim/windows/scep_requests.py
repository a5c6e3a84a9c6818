"""Start requests by SCEP (Microsoft: ClientCertificateInstall CSP, SCEP; on phones 8.1 CertificateStore CSP, My/SCEP).

Executing `Enroll` starts a request with the values that the nodes have then. The device sends it before it answers the
message, and asks about one that is pending in later sessions (`scep_install`). Deleting the node removes certificate
and key.
"""

from __future__ import annotations

from collections.abc import Iterable

from fauxtune_sim.device.condition import Delivery
from fauxtune_sim.windows.certificate_stores import ACCESS_DENIED
from fauxtune_sim.windows.exec_nodes import ENROLL
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.state import RequestStatus, ScepRequest
from fauxtune_sim.windows.tree import NodeRefusal, Path, refusal_of_owner, uri_of

INSTALL = "Install"
_BELOW = (("Vendor", "MSFT", "ClientCertificateInstall", "SCEP"), ("Vendor", "MSFT", "CertificateStore", "My", "SCEP"))


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
        root: each
        for root, each in machine.state.requests.items()
        if each.status == RequestStatus.PENDING and (each.is_new or not new) and (machine.user or root[0] != "User")
    }
