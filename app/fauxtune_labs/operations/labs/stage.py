"""The stage of a lab: the tenant, what the lab has made in it, and the requests and pages that its deeds stand for.

A deed is carried out and shown by one function: on a `dry` stage nothing is sent, and the requests are collected.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from fauxtune.core.administration import devices
from fauxtune.core.administration.assignments import Target, to_all_devices, to_all_users, to_group
from fauxtune.core.administration.requests import AdminRequest, placeholder, with_notes
from fauxtune.core.errors import GraphRefused, Invalid
from fauxtune.core.model.certificates import Marks
from fauxtune.core.model.ids import ManagedDeviceId, UserId
from fauxtune.core.model.states import Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.tenant_administration import CODE
from fauxtune.operations.arrangement import assigning
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.insight.readability import Matrix
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import classrooms as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.rows.classrooms import LabRunRow
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune_labs.core.lab import Lab
from fauxtune_labs.core.verbs import MAKING

#: The password of each PFX file of a lab. It is no secret: the texts of the labs say it.
PASSWORD = "fauxtune"  # noqa: S105
#: Files that a lab makes, and bytes of each, at most.
_MOST_FILES, _LARGEST_FILE = 16, 16 * 1024


@dataclass(slots=True)
class Stage:
    """A lab in a tenant. `labels` and `files`: what it has made so far; `requests` and `page`: those of a deed, and
    `command`, where its verb has none.
    `matrices`: who can read whose mail, while the checks of one step look; `marks`: the tenant's, as of that moment.
    """

    scene: Scene
    lab: Lab
    run: LabRunRow
    dry: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[AdminRequest] = field(default_factory=list)
    page: tuple[str, ...] = ()
    command: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    matrices: dict[UserId, Matrix] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)

    @classmethod
    def of(cls, scene: Scene, *, lab: Lab, run: LabRunRow, dry: bool = False) -> Stage:
        """Return the stage of a run, with what the lab has made."""
        files = {name: base64.b64decode(data) for name, data in run.materials.get("files", {}).items()}
        scene.seen = {} if dry else None
        return cls(scene, lab, run, dry=dry, labels=dict(run.materials.get("labels", {})), files=files)

    def begin(self) -> None:
        """Begin another deed."""
        self.requests, self.page, self.query, self.command = [], (), {}, ""

    async def send(self, request: AdminRequest, *, readable: AdminRequest | None = None) -> JsonObject:
        """Send a request to Graph, and return the answer; on a dry stage one with a word in the place of the id.
        `readable`: the request as people see it.
        """
        number = len(self.requests) + 1
        self.requests.append(with_notes(request, number=number, readable=readable))
        return {"id": placeholder(number)} if self.dry else await self.scene.send(request)

    async def propose(self, request: AdminRequest, *, by: UserId | None) -> None:
        """Send a request that an approval policy may hold up: that it waits then is what was wanted."""
        self.requests.append(request)
        if self.dry:
            return
        try:
            await self.scene.propose(request, by=by)
        except GraphRefused as refused:
            if CODE not in refused.headers:
                raise

    async def control(self, request: AdminRequest, work: Callable[[], Awaitable[Any]]) -> None:
        """Do what a request to the control surface stands for."""
        self.requests.append(request)
        if not self.dry:
            await self.scene.do(work())

    def name_certificate(self, label: str | None, *, thumbprint: str) -> None:
        """Let a label mean a certificate."""
        if label is not None:
            self.labels[label] = thumbprint.lower()

    def keep_file(self, name: str, *, data: bytes) -> None:
        """Keep a PFX file for the student. Raises Invalid if there is no room."""
        if len(data) > _LARGEST_FILE or (name not in self.files and len(self.files) >= _MOST_FILES):
            raise Invalid(f"A lab keeps {_MOST_FILES} files of {_LARGEST_FILE // 1024} KiB at most.")
        self.files[name] = data

    def materials(self) -> JsonObject:
        """Return labels and files as the run's row has them."""
        files = {name: base64.b64encode(data).decode() for name, data in self.files.items()}
        return {"labels": dict(self.labels), "files": files}

    # ------------------------------------------------------------------------------------------------ what is meant

    async def user(self, name: str) -> JsonObject:
        """Return a user of Graph."""
        user = await self.scene.find_user(name)
        return user if user is not None else self._missing("user", name)

    async def group(self, name: str) -> JsonObject:
        """Return a group of Graph."""
        group = await self.scene.find_group(name)
        return group if group is not None else self._missing("group", name)

    async def device(self, name: str) -> JsonObject:
        """Return a managedDevice of Graph."""
        records = await self.scene.listed(devices.DEVICES, deviceName=name)
        return records[0] if records else self._missing("device", name)

    async def target(self, name: str) -> Target:
        """Return whom a profile is assigned to."""
        match name.lower():
            case "all users":
                return to_all_users()
            case "all devices":
                return to_all_devices()
            case _:
                return to_group((await self.group(name))["id"])

    async def profile(self, name: str) -> JsonObject:
        """Return a profile with its assignments."""
        profile = await self.find_profile(name)
        return profile if profile is not None else self._missing("profile", name)

    async def find_profile(self, name: str) -> JsonObject | None:
        """Return the profile of this name with its assignments; None without one."""
        wanted = name.lower()
        profiles = await assigning.all_profiles(self.scene)
        return next((profile for profile in profiles if profile["displayName"].lower() == wanted), None)

    async def authority(self, name: str) -> bytes:
        """Return the certificate (DER) of the authority `root`, or of the one that is `issuing` now."""
        tenant_id = self.scene.tenant.id
        if name == "issuing":
            return (await self.scene.read(authority_queries.current_issuing, tenant_id)).certificate
        row = await self.scene.read(authority_queries.authority, tenant_id, name=name)
        if row is None:
            raise Invalid(f"The tenant has no authority '{name}'.")
        return row.certificate

    async def enrollment(self, name: str) -> NamedEnrollmentRow | None:
        """Return the newest enrolment of the device of this name, also one that has ended; None without one."""
        return await self.scene.read(queries.newest_enrollment, self.scene.tenant.id, device_name=name)

    async def thumbprint(self, words: Mapping[str, Any]) -> str | None:
        """Return the certificate that `label`, or `device` and `source` mean; None if it does not exist yet."""
        if "label" in words:
            return self.labels.get(words["label"]) or await self._of_student(words["label"])
        if "device" not in words:
            return None
        row = await self.enrollment(words["device"])
        if row is None:
            return None
        source = Source(words.get("source", Source.PKCS))
        ledger = await self.scene.read(device_queries.ledger_rows, row.id)
        known = [
            ledger_row.thumbprint
            for ledger_row in ledger.values()
            if ledger_row.source is source and ledger_row.thumbprint
        ]
        if known or source is Source.IMPORTED:
            return known[0] if known else None
        rows = await self.scene.read(
            certificate_queries.certificates_on_device, self.scene.tenant.id, enrollment_id=row.id, thumbprints=()
        )
        return rows[-1].thumbprint if rows else None

    async def _of_student(self, label: str) -> str | None:
        """Return the certificate with this label that the student had issued, rather than the lab: of those of its user
        and template to which no other label belongs the newest; None without one.
        """
        deeds = (deed for step in self.lab.steps for deed in step.do if deed.verb in MAKING)
        deed = next((act for act in deeds if act.words.get("label") == label), None)
        user = None if deed is None else await self.scene.find_user(deed.words["user"])
        if deed is None or user is None:
            return None
        rows = await self.scene.read(certificate_queries.issued, self.scene.tenant.id, user_id=UserId(user["id"]))
        known = set(self.labels.values())
        own = [row for row in rows if row.template == deed.words["template"] and row.thumbprint not in known]
        return own[0].thumbprint if own else None

    async def certificate(self, words: Mapping[str, Any]) -> str:
        """Return the thumbprint of the certificate that is meant; on a dry stage a word for one that is not there."""
        known = await self.thumbprint(words)
        if known is not None:
            return known
        what = words.get("label") or f"of {words.get('device', 'a device')}"
        return str(self._missing("certificate", what)["id"])

    async def managed_device_id(self, name: str) -> ManagedDeviceId | None:
        """Return the id of a device's record, also of one that is gone."""
        row = await self.enrollment(name)
        return None if row is None else ManagedDeviceId(row.facts.get("managedDeviceId") or row.id)

    def _missing(self, what: str, name: str) -> JsonObject:
        if self.dry:
            return {"id": f"<the id of {name}>", "displayName": name, "assignments": []}
        return _refuse(what, name)


def _refuse(what: str, name: str) -> NoReturn:
    raise Invalid(f"There is no {what} '{name}' now. If it was deleted, a reset of the lab brings it back.")
