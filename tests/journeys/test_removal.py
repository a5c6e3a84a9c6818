"""What stays and what goes, what is revoked and what is not: a few cells of the removal table on whole devices, between
a real server and simulated devices. `tests/operations/test_removal_cells.py` shows all the others.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import pytest

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.device.device import Device
from fauxtune_sim.mail.smime_settings import mail_defaults
from fauxtune_sim.platforms import Mode, Platform
from tests.support.administrator import ALICE, MAIL, PROFILES, Administrator, AgentEnroller, reference

TENANT = "/_fauxtune/v1/tenants/contoso"
#: The trusted root and PKCS kinds of each mode of Android.
KINDS = {
    Mode.WORK_PROFILE: ("androidWorkProfileTrustedRootCertificate", "androidWorkProfilePkcsCertificateProfile"),
    Mode.FULLY_MANAGED: ("androidDeviceOwnerTrustedRootCertificate", "androidDeviceOwnerPkcsCertificateProfile"),
    Mode.DEDICATED: ("androidDeviceOwnerTrustedRootCertificate", "androidDeviceOwnerPkcsCertificateProfile"),
    Mode.CORPORATE_WORK_PROFILE: (
        "androidDeviceOwnerTrustedRootCertificate",
        "androidDeviceOwnerPkcsCertificateProfile",
    ),
    Mode.DEVICE_ADMIN: ("androidTrustedRootCertificate", "androidPkcsCertificateProfile"),
    Mode.KNOX: ("androidTrustedRootCertificate", "androidPkcsCertificateProfile"),
    Mode.AOSP: ("aospDeviceOwnerTrustedRootCertificate", "aospDeviceOwnerPkcsCertificateProfile"),
}
OF_THE_DEVICE = {"subjectNameFormat": "commonNameAsSerialNumber", "subjectAlternativeNameType": "none"}


@dataclass
class Given:
    """A device with a root and a certificate of its own, the PKCS profile, that certificate's thumbprint and the
    root's SHA-256.
    """

    administrator: Administrator
    agent: Agent
    root: str
    pkcs: str
    mark: str
    digest: str

    async def certificate(self) -> dict[str, Any]:
        """The certificate as the CA and the service have it."""
        answer = await self.administrator.graph.get(f"{TENANT}/certificates/{self.mark}")
        return dict(answer.raise_for_status().json())

    async def stands(self) -> str:
        """How it stands at the CA."""
        return str((await self.certificate())["status"])

    @property
    def keys(self) -> list[str]:
        """What is left on the device."""
        return [entry.sha1 for entry in self.agent.device.keystore.entries.values()]

    @property
    def roots(self) -> int:
        """Is the root left on it? As a number."""
        return int(self.digest in self.agent.device.keystore.trusted)


async def given(
    administrator: Administrator, enrol_agent: AgentEnroller, *, device: Device, kinds: tuple[str, str]
) -> Given:
    root = await administrator.root(kinds[0])
    pkcs = await administrator.pkcs(kinds[1], **(OF_THE_DEVICE if device.mode is Mode.DEDICATED else {}))
    target = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
    for profile in (root, pkcs):
        body = {"assignments": [target]}
        (await administrator.graph.post(f"{PROFILES}/{profile}/assign", json=body)).raise_for_status()
    agent = await enrol_agent(device.platform, device)
    done = await agent.check_in()
    assert (done.settled, done.refused, len(done.installed)) == (True, (), 2), device.kind
    (entry,) = device.keystore.entries.values()
    der = (await administrator.graph.get("/pki/contoso/root/ca.cer")).raise_for_status().content
    digest = hashlib.sha256(der).hexdigest()
    assert digest in device.keystore.trusted
    return Given(administrator, agent, root=root, pkcs=pkcs, mark=entry.sha1, digest=digest)


async def edition(administrator: Administrator, name: str) -> None:
    (await administrator.graph.patch(TENANT, json={"settings": {"edition": name}})).raise_for_status()


async def test_each_mode_of_android_is_a_device_of_its_own_and_leaves_in_its_own_way(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    await edition(administrator, "current")
    for mode, kinds in KINDS.items():
        device = Device.new(platform=Platform.ANDROID, mode=mode)
        here = await given(administrator, enrol_agent, device=device, kinds=kinds)
        (row,) = await administrator.devices()
        nobodys = mode is Mode.DEDICATED
        owned = mode not in (Mode.WORK_PROFILE, Mode.DEVICE_ADMIN, Mode.KNOX)
        assert row["userPrincipalName"] == ("" if nobodys else ALICE)
        assert here.agent.enrollment.user_principal_name == row["userPrincipalName"]
        await administrator.perform("wipe" if owned else "retire")
        assert (await here.agent.check_in()).ended is not None
        stays = mode is Mode.DEVICE_ADMIN
        assert (here.keys, here.roots) == (([here.mark], 1) if stays else ([], 0)), mode
        certificate = await here.certificate()
        assert (certificate["status"], len(certificate["holders"])) == ("revoked", 1 if stays else 0), mode
        assert await administrator.devices() == []
        await administrator.assign(here.root, here.pkcs, to_everybody=False)


async def test_a_device_administrators_certificates_outlast_it_until_the_phone_is_wiped(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    # Today an administrator cannot wipe it.
    await edition(administrator, "2020-04")
    device = Device.new(platform=Platform.ANDROID, mode=Mode.DEVICE_ADMIN)
    here = await given(administrator, enrol_agent, device=device, kinds=KINDS[Mode.DEVICE_ADMIN])
    await administrator.assign(here.root, here.pkcs, to_everybody=False)
    await here.agent.check_in()
    assert ((here.keys, here.roots), await here.stands()) == (([here.mark], 1), "good")
    assert await here.agent.unenroll() is None
    assert ((here.keys, here.roots), await here.stands()) == (([here.mark], 1), "revoked")
    again = await enrol_agent(Platform.ANDROID, device)
    await again.check_in()
    assert (here.keys, len((await here.certificate())["holders"])) == ([here.mark], 1)
    await administrator.perform("wipe")
    await again.check_in()
    assert (here.keys, here.roots) == ([], 0)
    assert (await here.certificate())["holders"] == []


async def test_samsungs_mail_signs_with_a_certificate_that_stays_when_its_profile_goes(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    device = Device.new(platform=Platform.ANDROID, mode=Mode.KNOX)
    here = await given(administrator, enrol_agent, device=device, kinds=KINDS[Mode.KNOX])
    bound = {"smimeSigningCertificate@odata.bind": reference(here.pkcs)}
    mail = await administrator.profile("androidEasEmailProfileConfiguration", requireSmime=True, **MAIL, **bound)
    await administrator.assign(mail)
    done = await here.agent.check_in()
    assert (done.settled, done.refused) == (True, ())
    defaults = mail_defaults(device)
    assert defaults is not None
    assert (defaults.signs, defaults.signing_identity, defaults.address) == (True, here.mark, ALICE)
    assert await administrator.statuses(mail) == ["compliant"]
    await administrator.assign(mail, here.pkcs, here.root, to_everybody=False)
    await here.agent.check_in()
    assert ((here.keys, here.roots), device.accounts) == (([here.mark], 0), {})
    assert await here.stands() == "good"


@pytest.mark.parametrize(
    ("platform", "year", "stays"),
    [
        (Platform.WINDOWS, "2020-04", True),
        (Platform.WINDOWS, "current", False),
        (Platform.MACOS, "2020-04", False),
        (Platform.MACOS, "current", True),
        (Platform.IOS, "current", False),
    ],
)
async def test_whether_a_certificate_stays_without_its_profile_depends_on_platform_and_edition(
    administrator: Administrator, enrol_agent: AgentEnroller, *, platform: Platform, year: str, stays: bool
) -> None:
    await edition(administrator, year)
    kinds = {
        Platform.WINDOWS: ("windows81TrustedRootCertificate", "windows10PkcsCertificateProfile"),
        Platform.MACOS: ("macOSTrustedRootCertificate", "macOSPkcsCertificateProfile"),
        Platform.IOS: ("iosTrustedRootCertificate", "iosPkcsCertificateProfile"),
    }
    here = await given(administrator, enrol_agent, device=Device.new(platform=platform), kinds=kinds[platform])
    await administrator.assign(here.root, here.pkcs, to_everybody=False)
    await here.agent.check_in()
    assert (here.keys, here.roots) == ([here.mark] if stays else [], 0)
    assert await here.stands() == "good"
    await administrator.perform("retire")
    await here.agent.check_in()
    assert here.keys == []
    assert await here.stands() == ("revoked" if stays else "good"), "what had gone before is nobody's any more"
