"""Apps on a Windows device (Microsoft: EnterpriseDesktopAppManagement and EnterpriseModernAppManagement CSP).

Executing DownloadInstall, HostedInstall or StoreInstall begins a job, which the device carries out before it answers
the message; the status nodes show how it went. Deleting the node of an MSI file or of a package uninstalls it. Differs
from a device: what a file has in it is not looked at, and each job ends at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.errors import AnswerBroken, SimulatorError
from fauxtune_sim.server.transport import Transport
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.markup import read
from fauxtune_sim.windows.nodes import Path
from fauxtune_sim.windows.state import AppJob
from fauxtune_sim.windows.tree import NodeRefusal

#: Status of an MSI file and of a package.
_DONE, _NOT_LOADED, _NOT_INSTALLED = 70, 30, 60
_PACKAGE_FAILED = 2
#: Windows errors: a fatal error of the installer; the file has another hash; the server refuses.
_FATAL, _OTHER_HASH, _REFUSED_BY_SERVER = 0x80070643, 0x80091007, 0x80190194
_VERSION = "1.0.0.0"
_MSI = ("EnterpriseDesktopAppManagement", "MSI")
_MODERN = ("EnterpriseModernAppManagement", "AppManagement")
_INSTALLATION = ("EnterpriseModernAppManagement", "AppInstallation")
#: The nodes that begin a job, by the store below which their packages are then.
JOBS = {"DownloadInstall": "", "HostedInstall": "nonStore", "StoreInstall": "AppStore"}


def begin(machine: Machine, path: Path, *, data: str) -> None:
    """Begin the job of an executed node. Raises NodeRefusal if the data is no job."""
    try:
        job = read(data.encode(), what="the job of an app")
    except AnswerBroken as broken:
        raise NodeRefusal(400, str(broken)) from broken
    address = job.descendant("ContentURL")
    package = job.attributes.get("PackageUri", "")
    if path[-1] != "StoreInstall" and address is None and not package:
        raise NodeRefusal(400, "the job names no address of a file")
    product = job.descendant("Product")
    digest = job.descendant("FileHash")
    machine.state.apps[path[:-1]] = AppJob(
        store=JOBS[path[-1]],
        address=package if address is None else address.text,
        digest="" if digest is None else digest.text.lower(),
        version=_VERSION if product is None else product.attributes.get("Version", _VERSION),
        is_new=True,
    )


def forget(machine: Machine, touched: Iterable[Path]) -> None:
    """Uninstall what deleted nodes stand for."""
    for path in touched:
        below = _below(path)
        if path in machine.state.nodes or not below:
            continue
        if below[:2] == _MSI and len(below) == 3:
            machine.state.apps.pop(path, None)
            machine.device.apps.pop(below[2], None)
        elif below[:2] == _MODERN and len(below) == 4:
            machine.device.apps.pop(below[3], None)


async def carry_out(machine: Machine, transport: Transport) -> None:
    """Carry out the jobs that were begun: load the file of each, and install it."""
    for node, job in list(machine.state.apps.items()):
        if not job.is_new:
            continue
        status, error = await _outcome(machine, transport, job=job)
        if error:
            machine.state.apps[node] = job.ended(status if not job.store else _PACKAGE_FAILED, error)
            continue
        name = node[-1]
        machine.device.apps[name] = job.version
        machine.state.apps[node] = job.ended(_DONE, 0)
        if job.store:
            _unpack(machine, node, job=job)


async def _outcome(machine: Machine, transport: Transport, *, job: AppJob) -> tuple[int, int]:
    """The status of a job and its error, 0 for none."""
    if machine.device.refusals.reason(Delivery.APP) is not None:
        return _NOT_INSTALLED, machine.device.refusals[Delivery.APP] or _FATAL
    if not job.address:
        return _DONE, 0
    try:
        answer = await transport.get(job.address)
    except SimulatorError:
        return _NOT_LOADED, _REFUSED_BY_SERVER
    if answer.status != 200 or not answer.body:
        return _NOT_LOADED, _REFUSED_BY_SERVER
    if job.digest and hashlib.sha256(answer.body).hexdigest() != job.digest:
        return _NOT_LOADED, _OTHER_HASH
    return _DONE, 0


def _unpack(machine: Machine, node: Path, *, job: AppJob) -> None:
    """Add the nodes of an installed package, and remove that of its installation."""
    family = node[-1]
    name, _, publisher = family.rpartition("_")
    scope = node[: node.index(_INSTALLATION[0])]
    package = (*scope, *_MODERN, job.store, family)
    machine.state.nodes[package] = None
    machine.state.nodes[*package, f"{name or family}_{job.version}_neutral__{publisher}"] = None
    for each in [each for each in machine.state.nodes if each[: len(node)] == node]:
        del machine.state.nodes[each]
    machine.state.apps.pop(node, None)


def _below(path: Path) -> Path:
    """A path below the nodes of Microsoft."""
    return path[path.index("MSFT") + 1 :] if "MSFT" in path else ()


def has_jobs(machine: Machine) -> bool:
    """Whether there are jobs to carry out."""
    return any(job.is_new for job in machine.state.apps.values())
