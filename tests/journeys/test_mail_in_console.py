"""Two people, each with a phone and a laptop, write to each other: the console writes, and says what each device shows;
what each device really makes of the same bytes is compared with that.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
from cryptography import x509

from fauxtune.core.administration import emulation, profiles
from fauxtune.core.administration.assignments import to_all_users
from fauxtune.core.administration.choices import Purpose
from fauxtune.core.administration.devices import wipe_device
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.mail.writing import MailMessage, Protection, signing_identity, write_mail
from fauxtune_sim.platforms import Platform
from tests.support.console import text_of
from tests.support.console_tenant import ConsoleTenant
from tests.support.running_server import SECONDS, Running
from tests.support.simulated_devices import simulated_devices

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_ROW = re.compile(r'<tr data-key="[^"]*"><th scope="row">.*?</tr>', re.S)
_PLATFORMS = (ProfilePlatform.ANDROID, ProfilePlatform.WINDOWS)


@dataclass(slots=True)
class House:
    """A tenant in which Alice and Bob have a phone and a laptop each, and a published certificate."""

    tenant: ConsoleTenant
    devices: dict[str, Agent] = field(default_factory=dict)

    def furnish(self) -> None:
        tenant = self.tenant
        root = tenant.http.get(f"/pki/{tenant.name}/root/ca.cer").content
        issuer = profiles.Issuer(
            tenant.document["certificationAuthority"], tenant.document["certificationAuthorityName"]
        )
        tenant.give(*profiles.create_root("Root", platforms=_PLATFORMS, certificate=root), to=to_all_users())
        signing = profiles.create_pkcs("Signing", platforms=_PLATFORMS, issuer=issuer, template="SmimeP256")
        reading = profiles.create_imported("Reading", platforms=_PLATFORMS, purpose=Purpose.ENCRYPTION)
        tenant.give(*signing, *reading, to=to_all_users())
        for user in ("alice", "bob"):
            tenant.import_certificate(user)
            for place, platform in (("phone", Platform.ANDROID), ("laptop", Platform.WINDOWS)):
                name = f"{user}-{place}"
                self.devices[name] = tenant.enroll(user, platform=platform, name=name)
        tenant.settle()

    def publish(self, user: str) -> x509.Certificate:
        """Publish the certificate that was imported for a user."""
        address = self.tenant.upn(user)
        issued = self.tenant.control("GET", f"/certificates?userPrincipalName={address}&usage=encryption")["value"]
        (mark,) = (each["thumbprint"] for each in issued if each["source"] == "imported")
        entry = self.tenant.send(emulation.publish_certificate(address, thumbprint=mark))
        return x509.load_pem_x509_certificate(entry["certificate"].encode())

    def write(self, user: str, **fields: str) -> httpx.Response:
        """Write mail as a user, with the form of the console."""
        page = self.tenant.url("users", self.tenant.upn(user), "mail", "new")
        token = _TOKEN.search(self.tenant.http.get(page).text)
        assert token is not None
        return self.tenant.http.post(page, data={"form_token": token[1], **fields})

    def page(self, user: str, uid: int) -> str:
        return self.tenant.http.get(self.tenant.url("users", self.tenant.upn(user), "mail", str(uid))).text

    def shown(self, user: str, uid: int) -> dict[str, bool]:
        """Whether each of the user's devices can read a message, as the console says."""
        rows = [text_of(html.unescape(row)) for row in _ROW.findall(self.page(user, uid))]
        names = [name for name in self.devices if any(row.startswith(name) for row in rows)]
        return {name: all("not readable" not in row for row in rows if row.startswith(name)) for name in names}

    def file(self, user: str, uid: int) -> bytes:
        address = self.tenant.url("users", self.tenant.upn(user), "mail", str(uid), "message.eml")
        return self.tenant.http.get(address).raise_for_status().content

    def really(self, user: str, uid: int) -> dict[str, bool]:
        """Whether each of the user's devices can read the same bytes with its keys."""
        raw = self.file(user, uid)
        mine = {name: agent for name, agent in self.devices.items() if name.startswith(user)}
        return {name: read_mail(raw, agent.device.keystore).decrypted is not False for name, agent in mine.items()}


@pytest.fixture
def house(server: Running) -> Iterator[House]:
    with (
        httpx.Client(base_url=server.endpoints["http"], timeout=SECONDS) as http,
        simulated_devices(server) as devices,
    ):
        house = House(ConsoleTenant.created(http, devices))
        house.furnish()
        yield house


def test_two_people_write_to_each_other_and_every_device_shows_what_the_console_says_until_one_is_wiped(
    house: House,
) -> None:
    alice, bob = house.tenant.upn("alice"), house.tenant.upn("bob")
    secret = {"to": alice, "subject": "The plan", "text": "At noon.", "encrypt": "on"}
    refused = house.write("bob", **secret)
    assert f"No certificate is published for {alice}. A certificate that was issued or imported" in text_of(refused)
    house.publish("alice")
    assert house.write("bob", **secret).status_code == 303
    assert house.really("alice", 1) == house.shown("alice", 1) == {"alice-phone": True, "alice-laptop": True}
    phone = house.devices["alice-phone"].device.keystore
    assert read_mail(house.file("alice", 1), phone).text == "At noon.\n"

    now = datetime.now(UTC)
    letter = MailMessage(sender=alice, recipients=(bob,), subject="Re: The plan", text="I will be there.", date=now)
    answer = write_mail(letter, Protection(signer=signing_identity(phone, at=now), encrypt_to=(house.publish("bob"),)))
    sent = house.tenant.http.post(
        f"/_fauxtune/v1/tenants/{house.tenant.name}{emulation.send_file('-', to=[bob]).path}",
        content=answer,
        headers={"content-type": "message/rfc822"},
    )
    assert sent.status_code == 201, sent.text
    assert house.really("bob", 1) == house.shown("bob", 1) == {"bob-phone": True, "bob-laptop": True}
    reading = read_mail(house.file("bob", 1), house.devices["bob-laptop"].device.keystore, now=now)
    assert (reading.text, reading.verified, reading.signer) == ("I will be there.\n", True, alice)
    assert "A signature inside the encryption is seen only on a device" in text_of(house.page("bob", 1))

    records = house.tenant.graph("GET", "/deviceManagement/managedDevices")["value"]
    (laptop,) = (record["id"] for record in records if record["deviceName"] == "alice-laptop")
    house.tenant.send(wipe_device(laptop))
    house.tenant.settle()
    assert house.really("alice", 1) == house.shown("alice", 1) == {"alice-phone": True, "alice-laptop": False}
    page = text_of(house.page("alice", 1))
    assert "alice-laptop had the key of" in page
    assert "was wiped on" in page
