"""How many files of the product three ways go through: who wants to follow one has so many to open.

A server in this process, simulated devices beside it; counted are the files below `app/` of which a function is called
between the request of the device and its last answer, without `server`, which serves every request, and `testing`.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from fauxtune.testing import Device, Server, Tenant
from tests.support.server_here import serving_here

APP = f"{Path(__file__).resolve().parents[2] / 'app'}/"
_LEFT_OUT = (f"{APP}fauxtune/server/", f"{APP}fauxtune/testing/", f"{APP}fauxtune_client/")
PKCS, IMPORTED, COMPLIANCE = "PKCS to Android", "imported PFX to iPhone", "compliance policy until judged"


def walks() -> dict[str, int]:
    """Return the number of files on each way. Takes some seconds."""
    with (
        _traced() as files,
        tempfile.TemporaryDirectory(prefix="fauxtune-walks-") as folder,
        serving_here(data_dir=Path(folder)) as served,
        Server.at(served.https, ca_file=served.endpoints["caFile"]) as server,
    ):
        counts = {}
        for name, (kind, prepare, holds) in _WALKS.items():
            with server.tenant() as tenant:
                phone = tenant.devices.enroll("alice", kind)
                phone.offline()  # so that nothing wakes it before it is asked
                prepare(tenant)
                files.clear()
                phone.online()
                tenant.settle()
                counts[name] = _counted(files)
                assert holds(tenant, phone), f"{name}: the device was not given what the walk is about"
        return counts


def _assign_pkcs(tenant: Tenant) -> None:
    tenant.profiles.pkcs("Signing", platforms="android").assign("All Staff")


def _import(tenant: Tenant) -> None:
    tenant.profiles.imported("Encryption", platforms="ios").assign("All Staff")
    tenant.pfx("alice")


def _judge(tenant: Tenant) -> None:
    policy = {
        "@odata.type": "#microsoft.graph.iosCompliancePolicy",
        "displayName": "Passcode",
        "passcodeRequired": True,
        "scheduledActionsForRule": [
            {"ruleName": "", "scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 0}]}
        ],
    }
    path = "/beta/deviceManagement/deviceCompliancePolicies"
    created = tenant.graph.post(path, json=policy).raise_for_status().json()
    target = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
    tenant.graph.post(f"{path}/{created['id']}/assign", json={"assignments": [target]}).raise_for_status()


def _has_key(_tenant: Tenant, phone: Device) -> bool:
    return len(phone.keys) == 1


def _is_judged(tenant: Tenant, _phone: Device) -> bool:
    (device,) = tenant.graph.get("/beta/deviceManagement/managedDevices").json()["value"]
    return bool(device["complianceState"] == "compliant")


#: The platform, what an administrator does, and whether the device then has it.
_WALKS: dict[str, tuple[str, Callable[[Tenant], None], Callable[[Tenant, Device], bool]]] = {
    PKCS: ("android", _assign_pkcs, _has_key),
    IMPORTED: ("ios", _import, _has_key),
    COMPLIANCE: ("ios", _judge, _is_judged),
}


def _counted(files: set[str]) -> int:
    return sum(file.startswith(APP) and not file.startswith(_LEFT_OUT) for file in {*files})


@contextmanager
def _traced() -> Iterator[set[str]]:
    """The files of the functions that are called from now on, in this thread and in those that begin from now on."""
    files: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            files.add(frame.f_code.co_filename)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield files
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
