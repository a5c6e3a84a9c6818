"""What the nodes of apps on a PC mean."""

from __future__ import annotations

import pytest

from fauxtune.operations.checkin.steps import AppSighting
from fauxtune.surfaces.devices.windows.apps import sightings

CODE, FAMILY = "{6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11}", "Contoso.Board_8wekyb3d8bbwe"
MSI = "./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/%7B6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11%7D"
MODERN = "./User/Vendor/MSFT/EnterpriseModernAppManagement"


def seen(**values: str) -> AppSighting:
    names = {"status": f"{MSI}/Status", "version": f"{MSI}/Version", "error": f"{MSI}/LastError"}
    return sightings({"values": {names[name]: value for name, value in values.items()}})[CODE]


def package(packages: str = "", **values: str) -> AppSighting:
    nodes = {f"{MODERN}/AppInstallation/{FAMILY}/{name}": value for name, value in values.items()}
    if packages:
        nodes[f"{MODERN}/AppManagement/nonStore/{FAMILY}"] = packages
    return sightings({"values": nodes})[FAMILY]


def test_an_msi_file_that_is_installed_says_its_version() -> None:
    assert seen(status="70", version="4.2.0", error="0") == AppSighting(is_there=True, version="4.2.0")


@pytest.mark.parametrize(("status", "word"), [("30", "could not be loaded"), ("60", "could not be installed")])
def test_a_failed_msi_file_says_the_windows_error(status: str, word: str) -> None:
    problem = seen(status=status, error="-2147023293").problem
    assert problem is not None
    assert problem.code == 0x80070643 - (1 << 32)
    assert problem.message == f"The app {word}: 0x80070643."
    nameless = seen(status=status, error="nonsense").problem
    assert nameless is not None
    assert nameless.message == f"The app {word}."


@pytest.mark.parametrize(("status", "word"), [("50", "being installed"), ("48", "has to log in"), ("99", "status 99")])
def test_an_msi_file_under_way_says_what_it_waits_for(status: str, word: str) -> None:
    assert word in str(seen(status=status).waits)


def test_a_package_is_there_if_its_family_has_one_and_says_what_it_waits_for() -> None:
    assert package("Contoso.Board_1.2.3.0_x64__8wekyb3d8bbwe") == AppSighting(is_there=True, version="1.2.3.0")
    assert package(Status="3") == AppSighting(is_there=True)
    assert "being installed" in str(package(Status="1").waits)
    problem = package(Status="2", LastError="0x80073CF9").problem
    assert problem is not None
    assert problem.message.endswith("0x80073CF9.")


def test_what_is_about_no_app_is_left_out() -> None:
    assert sightings({}) == {}
    assert sightings({"values": {"./DevDetail/SwV": "10.0", f"{MSI}": "", f"{MODERN}/AppManagement": "x"}}) == {}
