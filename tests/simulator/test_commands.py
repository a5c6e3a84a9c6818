"""The command line: JSON alone on standard output, exit codes, and one line for what went wrong."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from fauxtune_sim.cli.main import app

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki, Service


class Shell:
    """Runs commands against the service, in a thread, as each brings an event loop of its own."""

    def __init__(self, service: Service) -> None:
        self._environment = {"FAUXTUNE_SERVER": service.url, "FAUXTUNE_TENANT": "contoso"}

    async def run(self, *words: str | Path, code: int = 0) -> str:
        """Standard output of a command that must end with this code (with standard error if it fails)."""
        result = await asyncio.to_thread(
            CliRunner().invoke, app, [str(word) for word in words], env=self._environment, catch_exceptions=False
        )
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.output

    async def json(self, *words: str | Path) -> Any:
        """The JSON document that a command prints."""
        return json.loads(await self.run(*words, "--output", "json"))


@pytest.fixture
def shell(service: Service) -> Shell:
    return Shell(service)


@pytest.fixture
async def phone(shell: Shell, tmp_path: Path) -> Path:
    """The folder of an enrolled device."""
    await shell.run("enroll", "--user", "alice@contoso.example", "--state", tmp_path / "phone")
    return tmp_path / "phone"


async def test_enrol_check_in_show_and_unenrol(shell: Shell, service: Service, pki: Pki, tmp_path: Path) -> None:
    state = tmp_path / "phone"
    answer = await shell.json("enroll", "--token", "good", "--state", state, "--name", "my phone")
    assert (answer["device"], answer["userPrincipalName"], answer["settled"]) == (
        "my phone",
        "alice@contoso.example",
        True,
    )
    (served,) = service.devices.values()
    one = pki.issue()
    served.give(pairs=[served.pair(one)], roots=[pki.root])
    checked = await shell.json("checkin", "--state", state, "--until-settled")
    assert (checked["settled"], len(checked["installed"])) == (True, 2)
    rows = await shell.json("keystore", "--state", state)
    assert [set(row) for row in rows] == [
        {
            *("alias", "source", "thumbprint", "subject", "issuer", "emailAddresses"),
            *("usage", "notAfter", "intendedPurpose", "hasKey"),
        }
    ] * 2
    assert [row["usage"] for row in rows] == ["authority", "both"]
    assert [(row["source"], row["hasKey"]) for row in rows] == [("root", False), ("pkcs", True)]
    assert (await shell.json("unenroll", "--state", state))["told"] is True
    assert await shell.json("keystore", "--state", state) == []
    assert "not enrolled" in await shell.run("checkin", "--state", state, code=1)


async def test_settling_names_what_the_device_refused_and_fails(shell: Shell, service: Service, phone: Path) -> None:
    (served,) = service.devices.values()
    pki = service.pki
    served.give(pairs=[served.pair(pki.issue()) | {"pkcs12": "bm8gZmlsZQ=="}], roots=[pki.root])
    assert "refused" in await shell.run("checkin", "--state", phone), "it did check in"
    result = await shell.run("checkin", "--state", phone, "--until-settled", code=1)
    # It names what the protocol names, and no command that asks a server which does not run here.
    assert "settled\nthe device could not apply keyPairs[alias=pkcs-1]: " in result
    assert "fauxtune diagnose" not in result


async def test_a_fully_managed_device_is_not_unenrolled(shell: Shell, tmp_path: Path) -> None:
    state = tmp_path / "phone"
    await shell.run("enroll", "--mode", "fully-managed", "--token", "good", "--state", state)
    assert "the company's" in await shell.run("unenroll", "--state", state, code=1)


async def test_enrolling_twice_into_one_folder_is_refused(shell: Shell, phone: Path) -> None:
    assert "enrolled already" in await shell.run("enroll", "--token", "good", "--state", phone, code=1)


@pytest.mark.parametrize("words", [(), ("--token", "t", "--user", "u")], ids=["neither", "both"])
async def test_enrolling_takes_a_token_or_a_user(shell: Shell, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert "either" in await shell.run("enroll", *words, "--state", tmp_path, code=1)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--token", "good", "--platform", "ios", "--mode", "fully-managed"), "ios has no modes"),
        (("--token", "good", "--os-version", "4.4"), "Android 4.4 is not simulated"),
        (("--token", "good", "--password", "p"), "--password needs --user"),
        (("--user", "alice@contoso.example", "--password", "p"), "not with a password"),
    ],
)
async def test_enrolling_what_makes_no_sense_is_one_line_and_leaves_no_folder(
    shell: Shell, service: Service, tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    assert why in await shell.run("enroll", *words, "--state", tmp_path / "phone", code=1)
    assert not (tmp_path / "phone").exists()
    assert service.devices == {}


async def test_a_device_that_left_is_set_up_anew_as_the_same_hardware(
    shell: Shell, service: Service, phone: Path
) -> None:
    await shell.run("unenroll", "--state", phone)
    words = await shell.run("enroll", "--platform", "macos", "--token", "good", "--state", phone, code=1)
    assert "which is android" in words
    anew = ("--mode", "fully-managed", "--os-version", "16", "--token", "good")
    answer = await shell.json("enroll", *anew, "--state", phone)
    assert (answer["platform"], answer["mode"]) == ("android", "fully-managed")
    before, after = (one.request for one in service.devices.values())
    assert (before["androidId"], before["softwareInfo"]["androidVersion"]) == (after["androidId"], "14")
    assert (after["softwareInfo"]["androidVersion"], after["apiLevel"]) == ("16", 36)


async def test_an_unknown_user_is_one_line_and_leaves_no_folder(shell: Shell, tmp_path: Path) -> None:
    words = await shell.run("enroll", "--user", "nobody@elsewhere", "--state", tmp_path / "phone", code=1)
    assert "no such user" in words
    assert not (tmp_path / "phone").exists()


async def test_mail_goes_from_device_to_device(shell: Shell, service: Service, phone: Path, pki: Pki) -> None:
    (served,) = service.devices.values()
    served.give(pairs=[served.pair(pki.issue())], roots=[pki.root, pki.intermediate])
    await shell.run("checkin", "--state", phone)
    letter, certificate = phone.parent / "letter.eml", phone.parent / "alice.cer"
    from cryptography.hazmat.primitives.serialization import Encoding

    certificate.write_bytes(next(iter(pki_certificates(phone))).public_bytes(Encoding.DER))
    send = ("mail", "send", "--state", phone, "--app", "gmail")
    words = await shell.run(*send, "--to-certificate", certificate, "--sign", "--out", letter, code=1)
    assert f"fauxtune-sim mail account set --state {phone} --app gmail --smime on" in words
    assert "S/MIME is on, by its user" in await shell.run(*words.partition("fauxtune-sim ")[2].split())
    sent = await shell.json(
        "mail", "send", "--state", phone, "--to-certificate", certificate, "--sign", "--encrypt", "--out", letter
    )
    assert (sent["from"], sent["to"]) == ("alice@contoso.example", ["alice@contoso.example"])
    read = await shell.json("mail", "read", "--state", phone, letter)
    assert (read["decrypted"], read["verified"], read["why"]) == (True, True, None)
    assert {"decrypted", "recipient", "signer", "verified", "why", "text"} <= set(read)


def pki_certificates(state: Path) -> list[Any]:
    from fauxtune_sim.agent.by_platform import load_device

    return [one.certificate for one in load_device(state).keystore.identities()]


async def test_mail_that_no_key_opens_is_told_in_json_and_by_the_exit_code(shell: Shell, phone: Path, pki: Pki) -> None:
    from fauxtune_sim.mail.writing import MailMessage, Protection, write_mail

    letter = MailMessage(
        sender="a@b.example",
        recipients=("c@d.example",),
        subject="s",
        text="t",
        date=datetime(2026, 11, 24, tzinfo=UTC),
    )
    file = phone.parent / "letter.eml"
    file.write_bytes(write_mail(letter, Protection(encrypt_to=[pki.issue().certificate])))
    result = await asyncio.to_thread(
        CliRunner().invoke, app, ["mail", "read", "--state", str(phone), str(file), "--output", "json"]
    )
    assert (result.exit_code, json.loads(result.stdout)["decrypted"]) == (1, False)


async def test_a_file_that_is_no_mail_is_refused_by_its_name(phone: Path, tmp_path: Path) -> None:
    file = tmp_path / "passwd"
    file.write_text("root:x:0:0:root:/root:/bin/bash\n")
    result = await asyncio.to_thread(CliRunner().invoke, app, ["mail", "read", "--state", str(phone), str(file)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{file} cannot be read: this is not a mail" in result.stderr


async def test_several_devices_check_in_by_one_command_and_each_line_names_its_device(
    shell: Shell, service: Service, phone: Path, pki: Pki, tmp_path: Path
) -> None:
    tablet = tmp_path / "tablet"
    await shell.run("enroll", "--user", "alice", "--state", tablet, "--name", "Tablet")
    for served in service.devices.values():
        served.give(pairs=[], roots=[pki.root])
    words = ("checkin", "--state", phone, "--state", tablet, "--until-settled")
    lines = (await shell.run(*words)).splitlines()
    assert len(lines) == 4
    assert [line.partition(": ")[2].partition(" ")[0] for line in lines] == ["installed", "settled"] * 2
    assert all(line.startswith("Tablet: ") for line in lines[2:])
    first, second = await shell.json(*words)
    assert (first["settled"], second["device"], second["settled"]) == (True, "Tablet", True)


async def test_a_name_without_a_domain_is_a_user_of_the_tenant(
    shell: Shell, service: Service, pki: Pki, tmp_path: Path
) -> None:
    tablet = tmp_path / "tablet"
    answer = await shell.json("enroll", "--user", "alice", "--state", tablet)
    assert answer["userPrincipalName"] == "alice@contoso.example"
    await shell.run("fleet", "--devices", "1", "--keys", "1", "--user", "alice")
    served, *_ = service.devices.values()
    served.give(pairs=[served.pair(pki.issue())], roots=[pki.root])
    await shell.run("checkin", "--state", tablet)
    mail = (
        "mail",
        "send",
        "--as-tool",
        "--state",
        tablet,
        "--sign",
        "--to-user",
        "alice",
        "--out",
        tmp_path / "letter.eml",
    )
    assert "to alice@contoso.example" in await shell.run(*mail)


async def test_a_fleet_says_what_came_of_it(shell: Shell) -> None:
    summary = await shell.json("fleet", "--devices", "3", "--keys", "1")
    assert (summary["enrolled"], summary["settled"], summary["failures"]) == (3, 3, [])


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--devices", "2", "--processes", "3"), 1, "--devices 2 are too few for --processes 3"),
        (("--devices", "2", "--processes", "0"), 2, "'--processes': 0 is not in the range 1<=x<=64"),
        (("--devices", "2", "--processes", "many"), 2, "'--processes': 'many' is not a valid integer"),
        (("--devices", "0"), 2, "'--devices': 0 is not in the range x>=1"),
        (("--devices", "2", "--again", "-1"), 2, "'--again': -1 is not in the range x>=0"),
        (("--devices", "2", "--rate", "5"), 1, "--rate is that of the check-ins of --again"),
        (
            ("--devices", "2", "--again", "1", "--rate", "0"),
            2,
            "'--rate': 0.0 is not in the range x>=0.01",
        ),
        (("--devices", "2", "--keys", "0"), 1, "--keys is a number from 1 or `each`"),
    ],
)
async def test_numbers_that_make_no_fleet_are_refused(
    shell: Shell, service: Service, words: tuple[str, ...], code: int, why: str
) -> None:
    assert why in " ".join((await shell.run("fleet", *words, code=code)).split())
    assert not service.devices


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--stay", "--devices", "500"), "--stay keeps a connection open for each device: 500 in a process"),
        (("--stay", "--devices", "500", "--processes", "2"), "250 in a process, which may open 60"),
        (("--devices", "500", "--at-once", "400"), "--at-once is too high: 400 in a process"),
    ],
)
def test_a_fleet_with_more_connections_than_files_may_be_open_is_refused_at_once(
    words: tuple[str, ...], why: str
) -> None:
    fleet = [sys.executable, "-m", "fauxtune_sim", "fleet", "--server", "http://127.0.0.1:1", *words]
    shell = ["sh", "-c", 'ulimit -n 160 && exec "$@"', "sh", *fleet]
    ended = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert why in ended.stderr
    assert "Raise that limit, or share the fleet among more --processes" in ended.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say which ports they use")
async def test_a_fleet_that_stays_with_more_connections_than_ports_is_refused_at_once(shell: Shell) -> None:
    words = ("--stay", "--devices", "70000", "--processes", "64")
    assert "can open" in await shell.run("fleet", *words, code=1)


async def test_a_server_that_is_away_is_one_line(tmp_path: Path) -> None:
    words = ["enroll", "--token", "t", "--state", str(tmp_path / "x"), "--server", "http://127.0.0.1:1"]
    result = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cannot be reached" in result.stderr


async def test_devices_stay_connected_until_they_are_interrupted(service: Service, phone: Path, pki: Pki) -> None:
    words = [sys.executable, "-m", "fauxtune_sim", "run", "--state", str(phone), "--output", "json"]
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert b"connected" in await process.stderr.readline()
    (served,) = service.devices.values()
    served.give(pairs=[served.pair(pki.issue())])
    await service.push(served)
    assert b"installed signing and encryption certificate " in await process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(out)["devices"][0]["enrolled"] is True


def test_help_does_not_load_what_it_does_not_need() -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from fauxtune_sim.cli.main import app\n"
        "assert CliRunner().invoke(app, ['enroll', '--help']).exit_code == 0\n"
        "print([name for name in ('aiohttp', 'cryptography', 'asn1crypto') if name in sys.modules])\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_the_server_of_a_demonstration_starts_before_the_proofs_are_imported() -> None:
    code = (
        "import sys, fauxtune_sim.cli.main, fauxtune_sim.demo.start\n"
        "print([name for name in ('aiohttp', 'cryptography', 'fauxtune_sim.demo.run') if name in sys.modules])\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


async def test_a_device_refuses_what_its_owner_names_until_it_refuses_nothing(
    shell: Shell, service: Service, phone: Path, pki: Pki
) -> None:
    (served,) = service.devices.values()
    assert "refuses imported, email with the error 500" in await shell.run(
        "refuse", "imported", "email", "--code", "500", "--state", phone
    )
    assert (await shell.json("refuse", "pkcs", "--state", phone))["refuses"] == {"pkcs": None}
    served.give(pairs=[served.pair(pki.issue()), served.pair(pki.issue(), alias="imported-1", source="IMPORTED_PFX")])
    await shell.run("checkin", "--state", phone)
    (detail,) = served.reports[-1]["nonComplianceDetails"]
    assert detail["fieldPath"] == "keyPairs[alias=pkcs-1]"
    assert detail["currentValue"] == "the device's owner has set it to refuse PKCS certificates"
    assert [row["alias"] for row in await shell.json("keystore", "--state", phone)] == ["imported-1"]
    assert "refuses nothing" in await shell.run("refuse", "--nothing", "--state", phone)
    served.give()
    await shell.run("checkin", "--state", phone)
    assert served.reports[-1]["nonComplianceDetails"] == []
    assert len(await shell.json("keystore", "--state", phone)) == 2


async def test_a_refusal_of_nothing_known_is_an_error(shell: Shell, phone: Path) -> None:
    assert "--nothing" in await shell.run("refuse", "--state", phone, code=2)
    assert "--nothing" in await shell.run("refuse", "root", "--nothing", "--state", phone, code=2)
    assert "'pfx' is not one of" in await shell.run("refuse", "pfx", "--state", phone, code=2)
    assert "from 400 to 4294967295, not 7" in await shell.run("refuse", "root", "--code", "7", "--state", phone, code=1)


async def test_facts_are_listed_with_their_fields_and_set_by_name(shell: Shell, phone: Path) -> None:
    listed = await shell.json("fact", "list", "--state", phone)
    by_name = {row["name"]: row for row in listed["facts"]}
    assert by_name["isEncrypted"]["value"] is True
    assert by_name["isEncrypted"]["reportedAs"] == "deviceSettings.encryptionStatus"
    assert (by_name["serialNumber"]["withheld"], by_name["model"]["withheld"]) == (True, False)
    text = await shell.run("fact", "list", "--state", phone)
    assert "isEncrypted = true\n  reported as deviceSettings.encryptionStatus" in text
    assert all(len(line) <= 80 for line in text.splitlines() if line.startswith("  "))

    answer = await shell.json("fact", "set", "--state", phone, "isEncrypted=false", "freeStorageSpaceInBytes=7000")
    assert answer["facts"] == {"isEncrypted": False, "freeStorageSpaceInBytes": 7000}
    listed = await shell.json("fact", "list", "--state", phone)
    assert {row["name"]: row["value"] for row in listed["facts"]}["freeStorageSpaceInBytes"] == 7000
    assert "reports it at its next check-in" in await shell.run("fact", "set", "--state", phone, "isEncrypted=true")
    assert "withheld" in await shell.run("fact", "set", "--state", phone, "serialNumber=K4JX0QR7TP")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("isEncrypted",), "a fact is set as NAME=VALUE"),
        (("isEncrypt=true",), "the nearest are isEncrypted"),
        (("isEncrypted=maybe",), "isEncrypted is true or false, not 'maybe'"),
        (("isSupervised=true",), "android devices report no isSupervised"),
        (("isEncrypted=true", "isEncrypted=false"), "set twice"),
        (("freeStorageSpaceInBytes=-1",), "a whole number from 0"),
    ],
)
async def test_a_fact_that_cannot_be_set_changes_nothing(
    shell: Shell, phone: Path, words: tuple[str, ...], why: str
) -> None:
    before = await shell.json("fact", "list", "--state", phone)
    assert why in await shell.run("fact", "set", "--state", phone, "deviceName=other", *words, code=1)
    assert await shell.json("fact", "list", "--state", phone) == before
