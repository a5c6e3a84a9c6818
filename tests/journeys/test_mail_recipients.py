"""Where a sender finds the certificate of a recipient: in the address book, else among the contacts."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.cli import mail_commands
from fauxtune_sim.cli.mail_commands import MailOptions
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.keys.certificates import thumbprint
from fauxtune_sim.mail.accounts import Contacts
from fauxtune_sim.platforms import Platform
from tests.support.administrator import Administrator, AgentEnroller
from tests.support.certificates import issued_elsewhere

BOOK = "/_fauxtune/v1/tenants/contoso/address-book"
BOB = "bob@contoso.example"


class Sender:
    """Alice's phone, which writes encrypted mail to Bob; and Bob's certificates, from an authority of his own."""

    def __init__(self, administrator: Administrator, folder: Path, *, key: rsa.RSAPrivateKey, now: datetime) -> None:
        self.administrator, self.folder, self.key, self.now = administrator, folder, key, now

    def certificate(self, begin: int = -30, end: int = 365, address: str = BOB) -> x509.Certificate:
        days = timedelta(days=1)
        return issued_elsewhere(self.key, address, begin=self.now + begin * days, end=self.now + end * days)

    async def publish(self, certificate: x509.Certificate, address: str = BOB) -> None:
        body = {"address": address, "certificate": certificate.public_bytes(Encoding.PEM).decode()}
        (await self.administrator.graph.post(BOOK, json=body)).raise_for_status()

    async def write(self) -> dict[str, Any]:
        options = MailOptions(
            state=self.folder, out=self.folder / "x.eml", to_users=["bob"], encrypt=True, sign=False, as_tool=True
        )
        return dict((await mail_commands.send(options)).document)


@pytest.fixture
async def sender(
    administrator: Administrator,
    enrol_agent: AgentEnroller,
    raw_rsa_keys: list[rsa.RSAPrivateKey],
    tmp_path: Path,
) -> Sender:
    folder = tmp_path / "phone"
    agent = await enrol_agent(Platform.ANDROID, Device.new("phone", platform=Platform.ANDROID, folder=folder))
    agent.device.save()
    return Sender(administrator, folder, key=raw_rsa_keys[0], now=await agent.tenant_now())


async def test_nothing_is_found_for_somebody_whose_certificate_is_only_imported_or_expired(sender: Sender) -> None:
    with pytest.raises(NotFoundHere, match=rf"to {BOB}\. No certificate is published for {BOB}\..* No signed mail"):
        await sender.write()
    for certificate, reason in (
        (sender.certificate(end=-1), "It expired on"),
        (sender.certificate(begin=10), "It is not valid before"),
        (sender.certificate(address="carol@contoso.example"), f"The address {BOB} is not in it"),
    ):
        await sender.publish(certificate)
        with pytest.raises(NotFoundHere, match=reason):
            await sender.write()


async def test_the_newest_published_certificate_comes_before_what_signed_mail_brought(sender: Sender) -> None:
    learned, older, newer = sender.certificate(begin=-1), sender.certificate(begin=-20), sender.certificate(begin=-10)
    Contacts(StateFolder(sender.folder)).learn(BOB, [learned], at=sender.now)
    document = await sender.write()
    assert document["encryptedTo"] == [thumbprint(learned)]
    assert "a signed mail brought" in document["notes"][0]
    await sender.publish(newer)
    assert (await sender.write())["encryptedTo"] == [thumbprint(newer)]
    await sender.publish(older)
    document = await sender.write()
    assert document["encryptedTo"] == [thumbprint(newer)]
    assert document["notes"][0].startswith(f"2 usable certificates are published for {BOB}")


async def test_the_published_certificate_of_one_device_is_said_to_be_one(
    sender: Sender, administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    await administrator.assign(
        await administrator.root("androidWorkProfileTrustedRootCertificate"),
        await administrator.pkcs(
            "androidWorkProfilePkcsCertificateProfile",
            customSubjectAlternativeNames=[{"sanType": "emailAddress", "name": "{{EmailAddress}}"}],
        ),
    )
    agent = await enrol_agent(Platform.ANDROID, user=BOB)
    await agent.check_in()
    (mark,) = [entry.sha1 for entry in agent.device.keystore.entries.values()]
    (await administrator.graph.post(BOOK, json={"address": BOB, "thumbprint": mark})).raise_for_status()
    document = await sender.write()
    assert document["encryptedTo"][0] == mark
    assert "was issued for one device" in document["notes"][0]
