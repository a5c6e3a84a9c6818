"""The stage of the story: one tenant, its administrator, its people, and their devices, which stay connected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from fauxtune_sim.agent import Agent
from fauxtune_sim.agents import agent_for
from fauxtune_sim.control import Control, Issued
from fauxtune_sim.demo.graph import Graph
from fauxtune_sim.demo.profiles import Authority
from fauxtune_sim.demo.revocation import RevocationService
from fauxtune_sim.device import Device
from fauxtune_sim.errors import AnswerBroken, ServerRefused
from fauxtune_sim.keystore import Identity
from fauxtune_sim.mail import Letter, Reading, read_mail, write_mail
from fauxtune_sim.platforms import Kind, Platform
from fauxtune_sim.runner import Runner
from fauxtune_sim.transport import Transport

#: What a certificate can be used for: `can_sign`, `can_encrypt`.
Fitness = Callable[[x509.Certificate], bool]
#: How long the story waits for devices that are at rest according to the server to show what is expected, in seconds.
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Actor:
    """A device with its owner."""

    agent: Agent
    user: str

    @property
    def device(self) -> Device:
        """The device."""
        return self.agent.device

    @property
    def name(self) -> str:
        """The device's name in the story."""
        return self.agent.device.name

    def held(self, source: str, *, fit: Fitness | None = None) -> list[Identity]:
        """The keys that came this way (`pkcs`, `imported`), oldest certificate first; `fit` narrows them."""
        found = [
            one
            for one in self.device.keystore.identities()
            if one.source == source and (fit is None or fit(one.certificate))
        ]
        return sorted(found, key=lambda one: one.certificate.not_valid_before_utc)

    def read(self, mail: bytes) -> Reading:
        """Read a mail with this device."""
        return read_mail(mail, self.device.keystore)

    def summary(self) -> dict[str, Any]:
        """`{"name","platform","user","items":[{"source","thumbprint","intendedPurpose"}]}`."""
        return {
            "name": self.name,
            "platform": self.device.platform,
            "mode": self.device.mode,
            "user": self.user,
            "items": [
                {name: row[name] for name in ("source", "thumbprint", "intendedPurpose")}
                for row in self.device.keystore.listing()
            ],
        }


@dataclass(slots=True)
class Stage:
    """Everything that the proofs act on. `tell` says one line to the audience; `folder` keeps devices and mails."""

    server: str
    pki: str
    tenant: str
    domain: str
    #: Which year's Intune the tenant behaves like: `2020-04` or `current`.
    edition: str
    authority: Authority
    transport: Transport
    graph: Graph
    control: Control
    runner: Runner
    folder: Path
    tell: Callable[[str], None]
    group: str = ""
    root: x509.Certificate | None = None
    issuing: x509.Certificate | None = None
    actors: dict[str, Actor] = field(default_factory=dict)
    #: The imported encryption certificates, oldest first, and the mails that were written with them.
    imported: list[Issued] = field(default_factory=list)
    old_mails: list[bytes] = field(default_factory=list)
    #: The profiles' ids by their display names.
    profiles: dict[str, str] = field(default_factory=dict)

    def user(self, name: str) -> str:
        """A person's user principal name, which is the mail address too."""
        return f"{name}@{self.domain}"

    def of(self, name: str) -> list[Actor]:
        """The devices of a person that are enrolled now."""
        return [one for one in self.actors.values() if one.user == self.user(name) and one.device.is_enrolled]

    def with_own_keys(self) -> list[Actor]:
        """The devices that are given certificates of their own: there is no PKCS profile for Windows Phone 8.1."""
        return [one for one in self.everybody() if one.device.platform is not Platform.WINDOWS_PHONE_81]

    def everybody(self) -> Iterator[Actor]:
        """Every device that is enrolled now."""
        return (one for one in self.actors.values() if one.device.is_enrolled)

    async def enroll(self, key: str, *, name: str, person: str, kind: Kind) -> Actor:
        """A new device: it enrols with a token, checks in, and stays connected."""
        user = self.user(person)
        token = await self.control.enrollment_token(user)
        folder = self.folder / key
        device = Device.new(name, platform=kind.platform, mode=kind.mode, folder=folder)
        agent = agent_for(device, self.transport)
        await agent.enroll(server=self.server, tenant=self.tenant, token=token, user=user)
        await agent.check_in()
        self.runner.add(agent)
        actor = self.actors[key] = Actor(agent, user)
        self.tell(f"  {name} ({kind}) is enrolled for {user}; folder {key}")
        return actor

    async def settle(self, reached: Callable[[], bool]) -> bool:
        """Wait until every device is at rest and what is expected shows; False if it does not."""
        answer = await self.control.settle()
        for row in answer.get("waiting", []):
            self.tell(f"  (still waiting: {row.get('device')}: {row.get('why')})")
        deadline = time.monotonic() + _PATIENCE
        while not reached():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        # What a device did is told before what follows from it.
        await self.runner.quiet()
        return True

    async def assign(self, profiles: list[dict[str, Any]]) -> None:
        """Make profiles and assign each to the group of the story."""
        for profile in profiles:
            self.profiles[profile["displayName"]] = await self.graph.assign(profile, group=self.group)

    async def authority_certificate(self, name: str) -> bytes:
        """The DER certificate of an authority (`root`, `issuing`), as published."""
        answer = await self.transport.get(f"{self.pki}/{name}/ca.cer")
        if answer.status != 200:
            raise ServerRefused(f"{answer.url} answered {answer.status}", status=answer.status)
        try:
            x509.load_der_x509_certificate(answer.body)
        except ValueError as broken:
            raise AnswerBroken(f"{answer.url} is not a certificate: {broken}") from broken
        return answer.body

    def revocation(self) -> RevocationService:
        """CRL and OCSP of the issuing authority."""
        assert self.issuing is not None
        return RevocationService(self.transport, f"{self.pki}/issuing", self.issuing)

    def mail(
        self,
        name: str,
        *,
        sender: str,
        recipient: str,
        date: datetime,
        text: str,
        signer: Identity | None = None,
        encrypt_to: x509.Certificate | None = None,
        with_chain: bool = True,
    ) -> bytes:
        """Write a mail and keep it as `mails/<name>.eml` for whoever wants to look at it."""
        letter = Letter(sender=self.user(sender), recipient=self.user(recipient), subject=name, text=text, date=date)
        recipients = [] if encrypt_to is None else [encrypt_to]
        data = write_mail(letter, signer=signer, encrypt_to=recipients, with_chain=with_chain)
        folder = self.folder / "mails"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.eml").write_bytes(data)
        return data
