"""What the test bench needs in the tenant: users with a simulated device each, and a SCEP profile for them.

All of it is created for one run, with names of its own, and deleted afterwards. The bench itself, the devices' SCEP
client, is a child process, `python -m fauxtune_sim.scep.bench`, ordered by JSON lines.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from fauxtune.core.administration import assignments, devices, directory, emulation, profiles
from fauxtune.core.administration import scep as tasks
from fauxtune.core.administration.choices import family_and_platform
from fauxtune.core.administration.profiles import PROFILES
from fauxtune.core.administration.requests import AdminRequest, Json, Service, delete_object, object_url
from fauxtune.core.clock import from_iso
from fauxtune.core.graph.index import entity
from fauxtune.core.model.addresses import SERVICES, VALIDATION
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.model.states import Source
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.core.profiles.catalog import kind as kind_named
from fauxtune.core.scep.verification.cases import DeviceRequest, Exchange, asked
from fauxtune_client.endpoints import ClientError, Refused
from fauxtune_client.http import Client

#: Members of a profile that the service writes.
_OWN = ("id", "createdDateTime", "lastModifiedDateTime", "version", "@odata.context", "supportsScopeTags")


@dataclass(frozen=True, slots=True)
class GivenChallenge:
    """A challenge for a device, with the request that it is for."""

    id: str
    request: ScepRequest
    good: DeviceRequest


@dataclass(slots=True)
class Scene:
    """The tenant of a run. `device` and `other` are the managed devices of two users; `root` is the authority's root,
    DER, which devices need; `left` is what could not be deleted.
    """

    client: Client
    url: str
    name: str
    root: bytes | None = None
    domain: str = ""
    platform: tuple[str, str | None] = ("android", None)
    group: str = ""
    profile: str = ""
    device: str = ""
    other: str = ""
    left: list[str] = field(default_factory=list)
    _undo: list[tuple[str, AdminRequest]] = field(default_factory=list)

    def challenge(self, *, device: str | None = None) -> GivenChallenge:
        """Give a device a challenge. Raises ClientError if the profile does not reach it."""
        answer = self.send(tasks.give_challenge(device or self.device, profile=self.profile))
        content = answer["content"]
        request = ScepRequest.of_document(content["request"])
        return GivenChallenge(content["id"], request, asked(request, challenge=answer["challenge"]))

    def send(self, request: AdminRequest) -> Any:
        """Send a request of an administrator, and return its answer."""
        if request.service is Service.GRAPH:
            return self.client.graph(request.method, request.path, json=request.body)
        return self.client.control(request.method, request.path, json=request.body, seconds=60.0)

    def now(self) -> datetime:
        """Return the time of the tenant."""
        return from_iso(self.client.control("GET", "/clock")["now"])

    def undo_later(self, name: str, request: AdminRequest) -> None:
        """Send a request at the end of the run."""
        self._undo.append((name, request))

    def unassign(self) -> None:
        """Let the profile reach nobody any more."""
        self.send(assignments.unassign(self.profile, present=()))

    @contextmanager
    def new_device(self) -> Iterator[str]:
        """Enrol the device of a third user, which the profile reaches, and take it off line afterwards."""
        name = f"{self.name}-new"
        user = _user(self, name)
        self.send(directory.add_member(self.group, member=user))
        device = _device(self, name)
        try:
            yield device
        finally:
            self.send(devices.connect_hosted_device(name, online=False))

    def remove_device(self, device: str) -> None:
        """End the management of a device."""
        self.send(devices.retire_device(device))

    @contextmanager
    def later(self, by: str) -> Iterator[None]:
        """Put the tenant's clock forward, and back afterwards."""
        clock = self.client.control("GET", "/clock")
        self.send(emulation.advance_clock(by))
        try:
            yield
        finally:
            now = None if clock["mode"] == "system" else clock["now"]
            self.send(emulation.set_clock(clock["mode"], now=now))

    @contextmanager
    def failing(self, action: str) -> Iterator[Callable[[], bool]]:
        """Let a call of the authority fail with status 500. Yields a function: whether one has."""
        path = f"/partner/{{tenant}}/{SERVICES[VALIDATION]}/ScepActions/{action}"
        rule = emulation.add_fault({"status": 500}, match={"path": path}, name=f"{self.name} {action}")
        fault = self.send(rule)["id"]
        try:
            yield lambda: bool(self.client.control("GET", f"/faults/{fault}")["fired"])
        finally:
            self.send(emulation.delete_fault(fault))

    def delete(self) -> None:
        """Delete what was created, the newest first."""
        for name, request in reversed(self._undo):
            try:
                self.send(request)
            except Refused as refused:
                if refused.status != 404:
                    self.left.append(name)
            except ClientError:
                self.left.append(name)


@contextmanager
def scene(client: Client, *, url: str, profile: str | None, root: bytes | None) -> Iterator[Scene]:
    """Create what the bench needs, and delete it afterwards. `profile`: the id of a SCEP profile whose settings are
    used; it is copied, and does not change. `root`: the authority's, DER. Raises ClientError.
    """
    here = Scene(client, url, f"scep-verify-{secrets.token_hex(3)}", root)
    try:
        _create(here, profile=profile)
        yield here
    finally:
        here.delete()


def _create(here: Scene, *, profile: str | None) -> None:
    here.domain = here.client.control("GET", "")["domain"]
    settings = _usual(here) if profile is None else _settings_of(here, profile)
    kind = str(settings["@odata.type"]).rpartition(".")[2]
    here.platform = device_for(kind)
    names = (here.name, f"{here.name}-other")
    users = [_user(here, name) for name in names]
    here.group = here.send(directory.create_group(here.name, members=users))["id"]
    here.undo_later(f"group {here.name}", delete_object(directory.GROUPS, here.group))
    here.profile = _profiles(here, settings)
    here.device, here.other = (_device(here, name) for name in names)
    # The bench requests in the name of these two. They go off line before the profile is theirs: they would do it, too.
    for name in names:
        here.send(devices.connect_hosted_device(name, online=False))
    _assign(here, here.profile)


def device_for(name: str) -> tuple[str, str | None]:
    """Return platform and mode of a simulated device that a SCEP profile of this kind reaches. Raises ClientError."""
    known = kind_named(name)
    if known is None or known.family.source is not Source.SCEP:
        raise ClientError(f"The profile is a {name}: name a SCEP profile.")
    variant = next(each for each in Variant if each in known.variants)
    platform, _, mode = variant.partition("/")
    return platform, mode or None


def _user(here: Scene, name: str) -> str:
    created = here.send(directory.create_user(f"{name}@{here.domain}", given_name="Scep", surname="Verify"))
    user = str(created["id"])
    here.undo_later(f"user {name}", delete_object(directory.USERS, user))
    here.send(directory.license_user(user))
    return user


def _usual(here: Scene) -> Json:
    """What the profile asks for unless another profile is named."""
    (request,) = profiles.create_scep(here.name, platforms=[ProfilePlatform.ANDROID], urls=[here.url])
    return request.body or {}


def _settings_of(here: Scene, profile: str) -> Json:
    document: Mapping[str, Any] = here.client.graph("GET", f"{PROFILES}/{profile}")
    return {name: value for name, value in document.items() if name not in _OWN and value is not None}


def _profiles(here: Scene, settings: Json) -> str:
    """Create the root's profile, which is assigned, and the SCEP profile, which is not; return the id of the latter."""
    body = {**settings, "displayName": here.name, "description": "for one run of fauxtune scep verify"}
    body["scepServerUrls"] = [here.url]
    if here.root is not None:
        known = _profile(here, _root(here, certificate=here.root, kind=str(settings["@odata.type"])))
        _assign(here, known)
        body["rootCertificate@odata.bind"] = object_url(PROFILES, known)
    return _profile(here, body)


def _root(here: Scene, *, certificate: bytes, kind: str) -> Json:
    """The trusted root profile to which a SCEP profile of this kind refers."""
    known, refers = family_and_platform(kind), entity(kind).navigation("rootCertificate")
    assert known is not None
    assert refers is not None
    (request,) = profiles.create_root(f"{here.name} root", platforms=[known[1]], certificate=certificate)
    # The work profile's old kind of SCEP profile refers to an old kind of root, which `create_root` does not make.
    return {**(request.body or {}), "@odata.type": entity(refers.target).odata_type}


def _profile(here: Scene, body: Json) -> str:
    created = str(here.client.graph("POST", PROFILES, json=body)["id"])
    here.undo_later(f"profile {body['displayName']}", delete_object(profiles.PROFILES, created))
    return created


def _assign(here: Scene, profile: str) -> None:
    here.send(assignments.assign(profile, present=(), targets=[assignments.to_group(here.group)]))


def _device(here: Scene, name: str) -> str:
    platform, mode = here.platform
    user = f"{name}@{here.domain}"
    here.send(devices.add_hosted_device(user, platform=platform, mode=mode, name=name))
    query = {"$filter": f"deviceName eq '{name}'", "$select": "id,deviceName"}
    (record,) = here.client.graph_list("/deviceManagement/managedDevices", params=query)
    # In this order from the end: the record is deleted, and the device, on line again, learns that it is not managed.
    here.undo_later(f"device {name}", devices.connect_hosted_device(name, online=True))
    here.undo_later(f"device {name}", devices.delete_device(record["id"]))
    return str(record["id"])


_MODULE = "fauxtune_sim.scep.bench"
#: How the names of variables begin that the child does not get: secrets of the server and of its database.
_SECRET = ("FAUXTUNE_", "AZURE_", "PG")


class Bench:
    """The devices that ask one SCEP server. `ca_file`: whom they trust for an https address; `seconds`: how long an
    answer may take.
    """

    def __init__(self, url: str, *, ca_file: Path | None, seconds: float) -> None:
        if importlib.util.find_spec("fauxtune_sim") is None:
            raise ClientError("The devices of the test bench need the package fauxtune_sim, which is not installed.")
        command = [sys.executable, "-m", _MODULE, "--timeout", str(seconds)]
        if ca_file is not None:
            command += ["--ca-file", str(ca_file)]
        self._url = url
        self._authority: dict[str, Any] = {}
        self._process = subprocess.Popen(  # noqa: S603 - our own module, by this interpreter
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C is for the command, which then closes the input.
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not name.startswith(_SECRET)},
        )

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_error: object) -> None:
        """End the child, which its closed input ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def order(self, do: str, **members: Any) -> dict[str, Any]:
        """Return the answer to an order, as it came. Raises ClientError if the child has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps({"do": do, "url": self._url, **members}).encode() + b"\n"
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except OSError:
            answer = b""
        if not answer:
            raise ClientError("The devices of the test bench ended unexpectedly; what they wrote stands above.")
        document: dict[str, Any] = json.loads(answer)
        return document

    def authority(self) -> dict[str, Any]:
        """Return capabilities and certificates, which are asked for once. Raises ClientError without an answer."""
        if not self._authority:
            self._authority = self.order("authority")
            if self._authority.get("problem") is not None:
                raise ClientError(f"The SCEP server does not answer: {self._authority['problem']}.")
        return self._authority

    def root(self) -> bytes | None:
        """Return the root among the authority's certificates, DER: one that names itself as its issuer."""
        for text in self.authority()["certificates"]["all"]:
            der = base64.b64decode(text)
            certificate = x509.load_der_x509_certificate(der)
            if certificate.subject == certificate.issuer:
                return der
        return None

    def exchange(self, do: str, name: str, **members: Any) -> Exchange:
        """Send a message of the request `name`, and return what came of it."""
        answer = self.order(do, name=name, **members)
        certificate = answer.get("certificate")
        return Exchange(
            status=answer.get("status"),
            pki_status=answer.get("pkiStatus"),
            fail_info=answer.get("failInfo"),
            fail_text=answer.get("failInfoText") or "",
            transaction=answer.get("transaction", ""),
            certificate=None if certificate is None else base64.b64decode(certificate),
            problem=answer.get("problem"),
        )

    def fetch(self, url: str) -> bytes | None:
        """Return what is at an address; None unless the answer is 200."""
        answer = self.order("fetch", url=url)
        return base64.b64decode(answer["body"]) if answer.get("status") == 200 else None
