"""What a device's owner has set it to refuse: kept with the device, and answered by each platform in its own way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.android.messages import status_report
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere, NotFoundHere

if TYPE_CHECKING:
    from tests.simulator.conftest import Enrolled, Pki, Service


def test_refusals_are_kept_in_the_folder(tmp_path: Path) -> None:
    device = Device.new(folder=tmp_path)
    device.refuse("imported", 9006)
    device.refuse("root")
    assert load_device(tmp_path).refusals.document() == {"imported": 9006, "root": None}
    device.accept("root")
    assert load_device(tmp_path).refusals.document() == {"imported": 9006}
    device.accept()
    assert load_device(tmp_path).refusals == {}


def test_what_cannot_be_refused_is_said(tmp_path: Path) -> None:
    device = Device.new()
    with pytest.raises(NotFoundHere, match="can refuse root, pkcs, imported, scep, email, setting, app, not pfx"):
        device.refuse("pfx")
    for code in (0, 200, 1 << 32):
        with pytest.raises(NotAllowedHere, match="from 400"):
            device.refuse("root", code)
    assert device.refusals == {}


async def test_an_android_device_refuses_roots_and_accounts_but_keeps_what_it_has(
    enrolled: Enrolled, service: Service, pki: Pki
) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.give(roots=[pki.root], pairs=[served.pair(pki.issue())])
    await agent.check_in()
    for kind in ("root", "pkcs", "email"):
        agent.device.refuse(kind, 700)
    account = {
        "packageName": "com.google.android.gm",
        "emailAccount": {"id": "email-1", "digest": "d"},
        "managedConfiguration": {"email_address": "alice@contoso.example", "exchange_host": "mail.contoso.example"},
    }
    served.give(roots=[pki.root, pki.intermediate], applications=[account])
    await agent.check_in()
    assert len(agent.device.keystore.trusted) == 1
    assert list(agent.device.keystore.entries) == ["pkcs-1"]
    assert agent.device.accounts == {}
    details = status_report(agent.device)["nonComplianceDetails"]
    assert [detail["settingName"] for detail in details] == ["caCerts", "applications"]
    assert all(detail["currentValue"].endswith("(error 700)") for detail in details)
