"""The scenario of the demonstration: one tenant, its administrator, its users, and their connected devices; and the
report about it, `fauxtune report`, with the keys that the devices had before any of them left.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.agent.by_platform import agent_for
from fauxtune_sim.agent.runner import Runner
from fauxtune_sim.cli.owner_commands import export_pem
from fauxtune_sim.demo.clients import Graph, GraphRequest, RevocationService, assignment, creation
from fauxtune_sim.demo.narration import Narration, ShownRequest
from fauxtune_sim.demo.profiles import Authority
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import AnswerBroken, ServerRefused
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.keys.marks import Names, digits_in
from fauxtune_sim.mail.reading import Reading, read_mail
from fauxtune_sim.mail.writing import MailMessage, Protection, write_mail
from fauxtune_sim.platforms import Kind, Platform
from fauxtune_sim.server.control import Control, IssuedCertificate
from fauxtune_sim.server.transport import Transport

#: A test of a certificate's use: `can_sign`, `can_encrypt`.
Fitness = Callable[[x509.Certificate], bool]
#: Seconds to wait for the expected state after the server reports that all devices have settled.
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class DemoDevice:
    """A simulated device with the user principal name of its owner."""

    agent: Agent
    user: str

    @property
    def record(self) -> Device:
        """The simulator's record of the device: key store, accounts, enrolment."""
        return self.agent.device

    @property
    def name(self) -> str:
        """The device's name in the narration."""
        return self.record.name

    def identities(self, source: str, *, fit: Fitness | None = None) -> list[Identity]:
        """The identities from this source (`pkcs`, `imported`) that pass `fit`, oldest certificate first."""
        identities = [
            identity
            for identity in self.record.keystore.identities()
            if identity.source == source and (fit is None or fit(identity.certificate))
        ]
        return sorted(identities, key=lambda identity: identity.certificate.not_valid_before_utc)

    def read(self, mail: bytes) -> Reading:
        """Read a mail with the keys of this device."""
        return read_mail(mail, self.record.keystore)

    def summary(self) -> dict[str, Any]:
        """`{"name","platform","user","items":[{"source","thumbprint","intendedPurpose"}]}`."""
        return {
            "name": self.name,
            "platform": self.record.platform,
            "mode": self.record.mode,
            "user": self.user,
            "items": [
                {name: row[name] for name in ("source", "thumbprint", "intendedPurpose")}
                for row in self.record.keystore.listing()
            ],
        }


@dataclass(slots=True)
class Scenario:
    """Everything that the proofs act on. `folder` keeps devices and mails."""

    server: str
    pki: str
    tenant: str
    domain: str
    #: The year of Intune that the tenant behaves like: `2020-04` or `current`.
    edition: str
    authority: Authority
    transport: Transport
    graph: Graph
    control: Control
    runner: Runner
    folder: Path
    narration: Narration
    group: str = ""
    root: x509.Certificate | None = None
    issuing: x509.Certificate | None = None
    devices: dict[str, DemoDevice] = field(default_factory=dict)
    #: The imported encryption certificates, oldest first, and the mails that were encrypted to them, by their titles.
    imported: list[IssuedCertificate] = field(default_factory=list)
    old_mails: dict[str, bytes] = field(default_factory=dict)
    #: What `mail` wrote and nobody has put into a mailbox yet: sender, recipient, bytes.
    undelivered: list[tuple[str, str, bytes]] = field(default_factory=list)
    #: The profiles' ids by their display names.
    profiles: dict[str, str] = field(default_factory=dict)

    def user(self, name: str) -> str:
        """The user principal name of a user, which is the mail address too."""
        return f"{name}@{self.domain}"

    def devices_of(self, name: str) -> list[DemoDevice]:
        """The enrolled devices of a user."""
        return [device for device in self.enrolled_devices() if device.user == self.user(name)]

    def devices_with_pkcs(self) -> list[DemoDevice]:
        """The enrolled devices that get PKCS certificates: there is no PKCS profile for Windows Phone 8.1."""
        return [device for device in self.enrolled_devices() if device.record.platform is not Platform.WINDOWS_PHONE_81]

    def enrolled_devices(self) -> Iterator[DemoDevice]:
        """Every device that is enrolled now."""
        return (device for device in self.devices.values() if device.record.is_enrolled)

    async def enroll(
        self, key: str, *, name: str, person: str, kind: Kind, identity_key: RSAPrivateKey | None = None
    ) -> DemoDevice:
        """Enrol a new device with a token, let it check in, and keep it connected. `identity_key`: the key of its
        identity, if that was made in advance.
        """
        user = self.user(person)
        token = await self.control.enrollment_token(user)
        folder = self.folder / key
        record = Device.new(name, platform=kind.platform, mode=kind.mode, folder=folder)
        agent = agent_for(record, self.transport)
        await agent.enroll(server=self.server, tenant=self.tenant, token=token, user=user, key=identity_key)
        await agent.check_in()
        self.runner.add(agent)
        device = self.devices[key] = DemoDevice(agent, user)
        return device

    async def settle(self, is_reached: Callable[[], bool]) -> bool:
        """Wait until every device has settled and `is_reached` holds; False if it does not hold within the patience."""
        with self.narration.waiting("The devices check in ..."):
            answer = await self.control.settle()
            for row in answer.get("waiting", []):
                self.narration.say(
                    f"(not settled yet: {row.get('name') or row.get('device')}: {row.get('why')})", indent=2
                )
            deadline = time.monotonic() + _PATIENCE
            while not is_reached():
                if time.monotonic() > deadline:
                    return False
                await asyncio.sleep(0.05)
            # What the devices did is printed before what follows from it.
            await self.runner.wait_until_idle()
        return True

    async def learn_names(self, texts: Iterable[str]) -> None:
        """Ask the server what the certificates are called that texts name by their digits."""
        unknown = {digits for text in texts for digits in digits_in(text)} - self.narration.names.marks.keys()
        if unknown:
            learned = await self.control.marks(unknown)
            self.narration.names = Names({**self.narration.names.marks, **learned})

    async def assign(self, profiles: list[dict[str, Any]]) -> None:
        """Create profiles and assign each to the group of the scenario."""
        note = f"(and {len(profiles) - 1} more, for other kinds of devices)" if len(profiles) > 1 else ""
        await self.narration.before(
            for_display(creation(profiles[0]), note=note), for_display(assignment("{profile}", group=self.group))
        )
        for profile in profiles:
            self.profiles[profile["displayName"]] = await self.graph.assign(profile, group=self.group)

    async def authority_certificate(self, name: str) -> bytes:
        """The published certificate of an authority (`root`, `issuing`), DER."""
        answer = await self.transport.get(f"{self.pki}/{name}/ca.cer")
        if answer.status != 200:
            raise ServerRefused(f"{answer.url} answered {answer.status}", status=answer.status)
        try:
            x509.load_der_x509_certificate(answer.body)
        except ValueError as broken:
            raise AnswerBroken(f"{answer.url} is not a certificate: {broken}") from broken
        return answer.body

    @property
    def scep(self) -> str:
        """The address of the company's SCEP server."""
        return f"{self.pki}/certsrv/mscep/mscep.dll"

    def revocation(self) -> RevocationService:
        """The CRL and OCSP services of the issuing authority."""
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
        """Write a mail and save it as `mails/<name>.eml` in the folder. Returns its bytes."""
        letter = MailMessage(
            sender=self.user(sender), recipients=(self.user(recipient),), subject=name, text=text, date=date
        )
        recipients = [] if encrypt_to is None else [encrypt_to]
        data = write_mail(letter, Protection(signer=signer, encrypt_to=recipients, with_chain=with_chain))
        folder = self.folder / "mails"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.eml").write_bytes(data)
        self.undelivered.append((letter.sender, letter.recipients[0], data))
        return data

    async def deliver_mails(self) -> None:
        """Put all mails into the mailboxes of their recipients, where the console shows who can read them."""
        for sender, recipient, data in self.undelivered:
            await self.control.deliver(data, sender=sender, recipient=recipient)
        self.undelivered.clear()


def for_display(request: GraphRequest, *, note: str = "") -> ShownRequest:
    """Return a request to Graph as it is shown."""
    return ShownRequest("POST", f"/beta{request.path}", request.body, note)


def keep_keys(scenario: Scenario) -> None:
    """Export the keys of all devices: those of a device that is wiped later could not prove anything any more."""
    for key, device in scenario.devices.items():
        export_pem(device.record, _keys(scenario) / key)


async def write_report(scenario: Scenario, data_dir: Path, *, file: Path, language: str) -> bool:
    """Write the report, and print where it is, or why it could not be written. Returns whether it was."""
    command = [sys.executable, "-m", "fauxtune", "report", "--data-dir", str(data_dir), "--tenant", scenario.tenant]
    command += ["--keys", str(_keys(scenario)), "--lang", language, "--out", str(file)]
    with scenario.narration.waiting("The report is written ..."):
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, errors = await process.communicate()
    say = scenario.narration.say
    say("")
    if process.returncode:
        say(f"The report could not be written: {errors.decode(errors='replace').strip()}", style="bold red")
        return False
    say("Everything on one page, to read, print and prove:", style="bold")
    scenario.narration.exactly(
        f"  {file.absolute().as_uri()}", *(f"  {line}" for line in out.decode().splitlines()[1:])
    )
    return True


def _keys(scenario: Scenario) -> Path:
    return scenario.folder / "keys"
