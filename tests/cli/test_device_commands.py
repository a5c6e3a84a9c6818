"""`fauxtune device`, `journal` and the completion of names: on devices with names that people and attackers choose."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

import fauxtune_sim.cli.main
from fauxtune.core.model.words.device_words import spelled
from fauxtune_cli.device.device import _kind as kind_of_device
from fauxtune_cli.profile.profile_choice import PlatformWord
from fauxtune_sim.platforms import read_kind
from tests.support.commands import Commands
from tests.support.running_server import SECONDS, Served, environment
from tests.support.terminal import at_a_terminal

ALICE, BOB, CAROL = "alice@contoso.example", "bob@contoso.example", "carol@contoso.example"
PHONE, ARABIC = "Alice's phone", "هاتف مريم"
#: The host of simulated devices.
pytestmark = pytest.mark.usefixtures("preloaded_modules")
#: A device that clears the screen, and would run a command where a shell evaluated its name.
HOSTILE = '\x1b[2J"; $(touch pwned) `touch pwned`\\"); touch pwned; ("'
SCRIPT = "<script>alert(1)</script> $(touch pwned)"


@pytest.fixture(scope="module")
def devices(run: Commands, graph: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Devices by name: their folders. Those of alice have a root and a certificate, and a profile that failed."""
    root = ("--name", "Root", "--platform", "android", "--group", "All Staff")
    run.text("profile", "create", "root", *root)
    pkcs = ("--platform", "android", "--group", "All Staff")
    run.text("profile", "create", "pkcs", "--name", "Signing", "--template", "SmimeSigning", "--root", "Root", *pkcs)
    folder = tmp_path_factory.mktemp("devices")
    names = {PHONE: ALICE, ARABIC: ALICE, "twin": BOB, HOSTILE: BOB}
    folders = {name: folder / str(number) for number, name in enumerate(names)}
    for name, user in names.items():
        simulate("enroll", "--name", name, "--user", user, "--state", folders[name], data_dir=run.data_dir)
        simulate("checkin", "--until-settled", "--state", folders[name], data_dir=run.data_dir)
    simulate("enroll", "--name", "twin", "--user", ALICE, "--state", folder / "twin", data_dir=run.data_dir)
    return folders


def simulate(*arguments: str | Path, data_dir: Path, code: int = 0) -> str:
    result = CliRunner(env={"FAUXTUNE_DATA_DIR": str(data_dir)}).invoke(
        fauxtune_sim.cli.main.app, [*map(str, arguments)]
    )
    assert result.exit_code == code, result.output
    return result.stdout


def test_devices_are_listed_in_eighty_columns_without_long_ids(run: Commands, devices: dict[str, Path]) -> None:
    heading, *lines = run.text("device", "list").splitlines()
    assert heading.split() == ["name", "user", "system", "last", "check-in", "id"]
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in "".join(lines)
    assert any(line.startswith(ARABIC) for line in lines)
    assert all(len(line.split()[-1]) == 8 for line in lines)
    assert {row["deviceName"] for row in run.json("device", "list")} >= {*devices}
    assert [row["deviceName"] for row in run.json("device", "list", "--user", "bob")] == ["twin", HOSTILE]
    assert all(row["id"] in run.text("device", "list", "--ids") for row in run.json("device", "list"))


def test_a_device_is_shown_with_what_it_should_hold_and_holds(run: Commands, devices: dict[str, Path]) -> None:
    text = run.text("device", "show", PHONE.upper())
    assert text.startswith("Alice's phone\n")
    assert "user            alice@contoso.example (Alice Adams)\n" in text
    assert "next check-in   " in text
    assert "storage         encrypted\n" in text
    assert "free storage    " in text
    (signing,) = (line.split() for line in text.splitlines() if line.startswith("Signing"))
    assert signing[1:5] == ["PKCS", "yes", "yes", "installed"]
    assert max(map(len, text.splitlines())) <= 80
    document = run.json("device", "show", PHONE)
    thumbprints = [item["thumbprint"] for item in document["items"] if item["profileNames"] == ["Signing"]]
    assert [f"({thumbprint[:8]})" for thumbprint in thumbprints] == [signing[-1]]
    # The name of a certificate is the console's: its symbol, its mark, and the first digits of its thumbprint.
    (mark,) = (item["mark"] for item in document["items"] if item["profileNames"] == ["Signing"])
    assert signing[-3:-1] == ["●", mark]
    assert document["managedDevice"]["deviceName"] == PHONE
    assert run.text("device", "show", ARABIC).startswith(ARABIC)


def test_the_simulator_calls_a_certificate_by_the_name_that_its_server_has_for_it(
    run: Commands, devices: dict[str, Path], tmp_path: Path
) -> None:
    folder = devices[PHONE]
    (item,) = (each for each in run.json("device", "show", PHONE)["items"] if each["profileNames"] == ["Signing"])
    mark, digits = item["mark"], item["thumbprint"][:8]
    listed = simulate("keystore", "--state", folder, data_dir=run.data_dir)
    assert f"● {mark} ({digits})\n" in listed
    assert max(map(len, listed.splitlines())) <= 80
    rows = json.loads(simulate("keystore", "--state", folder, "--output", "json", data_dir=run.data_dir))
    assert [row["mark"] for row in rows if row.get("thumbprint") == item["thumbprint"]] == [mark]
    exported = simulate("keystore", "export", "--state", folder, "--pem", tmp_path, data_dir=run.data_dir)
    assert (tmp_path / f"alice@contoso.example-{mark}-{digits}.pem").exists()
    assert f"key and certificate of pkcs ● {mark} ({digits})\n" in exported
    # Whoever does not reach the server calls it by its digits.
    assert f"  {digits}\n" in simulate("keystore", "--state", folder, data_dir=tmp_path)


def test_an_error_of_a_profile_is_shown_in_words(run: Commands, server: Served, devices: dict[str, Path]) -> None:
    run.text("template", "create", "Passing")
    run.text("profile", "create", "pkcs", "--name", "Broken", "--template", "Passing", "--platform", "android")
    with server.client() as control:
        template = "/_fauxtune/v1/tenants/contoso/authorities/issuing/templates/Passing"
        control.delete(template).raise_for_status()
    run.text("profile", "assign", "Broken", "--group", "All Staff")
    simulate("checkin", "--until-settled", "--state", devices[PHONE], data_dir=run.data_dir, code=1)
    text = " ".join(run.text("device", "show", PHONE).split())
    assert "'Broken' failed: 'Contoso Issuing CA' has no certificate template 'Passing'" in text
    assert "(0x87D11010)" in text
    assert 'What repairs it: fauxtune diagnose --device "Alice\'s phone"' in text
    told = simulate("checkin", "--until-settled", "--state", devices["twin"], data_dir=run.data_dir, code=1)
    assert "1 profile failed: Broken: " in told, "a device is meant by its enrolment, whatever others are called"
    run.text("profile", "delete", "Broken")


def test_a_profile_that_failed_before_the_device_had_anything_of_it_is_named_with_the_reason(
    run: Commands, devices: dict[str, Path]
) -> None:
    assert "History" not in run.text("device", "show", PHONE)
    run.text("profile", "create", "imported", "--name", "History", "--platform", "android", "--group", "All Staff")
    text = run.text("device", "show", PHONE)
    assert "'History' failed: 'History' gives certificates for S/MIME encryption, but none" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    told = simulate("checkin", "--until-settled", "--state", devices["twin"], data_dir=run.data_dir)
    assert "nothing to deliver by History: 'History' gives certificates for S/MIME encryption, but none was" in told
    assert told.splitlines()[-1] == "settled", "a user without imports is no failure"
    run.text("profile", "delete", "History")


def test_a_device_is_shown_with_what_it_does_not_meet(
    run: Commands, graph: httpx.Client, devices: dict[str, Path]
) -> None:
    block = {"actionType": "block", "gracePeriodHours": 24}
    policy = {
        "@odata.type": "#microsoft.graph.androidWorkProfileCompliancePolicy",
        "displayName": "Phones",
        "osMinimumVersion": "99",
        "scheduledActionsForRule": [{"ruleName": None, "scheduledActionConfigurations": [block]}],
    }
    path = "/beta/deviceManagement/deviceCompliancePolicies"
    key = graph.post(path, json=policy).json()["id"]
    everybody = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
    graph.post(f"{path}/{key}/assign", json={"assignments": [everybody]}).raise_for_status()
    simulate("checkin", "--until-settled", "--state", devices[PHONE], data_dir=run.data_dir)
    assert "compliance      inGracePeriod; not met: OsMinimumVersion\n" in run.text("device", "show", PHONE)
    text = " ".join(run.text("clock", "advance", "2 days", "--what-if").split())
    assert "Alice's phone alice now inGracePeriod, then noncompliant; not met: OsMinimumVersion" in text
    assert len(run.json("clock", "advance", "2 days", "--what-if")["devices"]) == 1
    patch = ("whatif", "PATCH", f"{path}/{key}", "--body", '{"osMinimumVersion": "1"}')
    changes = {device["deviceName"]: device["compliance"] for device in run.json(*patch)["devices"]}
    assert (changes[PHONE]["before"], changes[PHONE]["after"]) == ("inGracePeriod", "compliant")
    assert "compliance" in run.text(*patch)
    graph.delete(f"{path}/{key}").raise_for_status()
    assert "compliance      compliant\n" in run.text("device", "show", PHONE)


def test_a_name_that_fits_two_devices_lists_them_and_the_beginning_of_an_id_tells_them_apart(
    run: Commands, devices: dict[str, Path]
) -> None:
    heading, *lines = run.refused("device", "show", "twin").splitlines()
    assert heading == "fauxtune: 'twin' fits 2 devices; name the one by its id:"
    mark, name, *about = lines[0].split()
    assert (len(mark), name, " ".join(about[:4])) == (8, "twin", "Android Enterprise (work profile),")
    assert run.json("device", "show", mark)["managedDeviceId"].startswith(mark)
    assert "There is no device 'twim'. Similar: 'twin'." in run.refused("device", "show", "twim")
    assert "There is no user 'alise'. Similar: 'alice@contoso.example'." in run.refused("device", "token", "alise")


def test_requests_are_shown_as_they_are_sent_and_the_answer_stays_alone(
    run: Commands, devices: dict[str, Path]
) -> None:
    done = run.run("device", "sync", PHONE, "--show-request", "--output", "json")
    assert json.loads(done.output)["deviceName"] == PHONE
    id_ = json.loads(done.output)["id"]
    assert f"/beta/deviceManagement/managedDevices/{id_}/syncDevice" in done.errors
    assert done.errors.startswith("curl ")
    assert run.run("device", "sync", PHONE, "--show-request-as", "python").errors.startswith("import os\n")
    shown = run.run("device", "token", "bob", "--show-request-as", "powershell")
    assert shown.errors.startswith("Invoke-RestMethod -Method POST")
    assert shown.output.strip() not in shown.errors


def test_what_if_says_what_a_wipe_takes_away_and_takes_nothing_away(run: Commands, devices: dict[str, Path]) -> None:
    text = run.text("device", "retire", PHONE, "--what-if")
    assert text.splitlines()[0].split() == ["device", "user", "what", "item", "why"]
    assert "revoke  pkcs " in text
    assert max(map(len, text.splitlines())) <= 80
    (effects,) = run.json("device", "delete", PHONE, "--what-if")["devices"]
    assert effects["deviceName"] == PHONE
    assert run.json("device", "show", PHONE)["state"] == "active"
    assert "cannot be wiped; retire it" in run.refused("device", "wipe", PHONE)
    assert "cannot be wiped; retire it" in run.refused("device", "wipe", PHONE, "--what-if")


def test_the_journal_has_a_line_for_each_event_with_names(run: Commands, devices: dict[str, Path]) -> None:
    lines = run.text("journal", "--device", PHONE).splitlines()
    assert all(" alice  " in line and PHONE in line for line in lines)
    assert lines[0].endswith("enrolled as android/work-profile")
    assert any("PKCS certificate " in line and "was installed ('Signing')" in line for line in lines)
    everything = run.text("journal")
    assert "\x1b" not in everything
    assert {event["type"] for event in run.json("journal", "--type", "installed", "--type", "issued")} == {
        "installed",
        "issued",
    }
    assert run.text("journal", "--last", "1") == everything.splitlines(keepends=True)[-1]
    assert "There are no events of the type 'nothing'" in run.refused("journal", "--type", "nothing")


def test_a_followed_journal_ends_with_ctrl_c_and_success(run: Commands, commands: Path) -> None:
    run.text("template", "create", "First")
    command: list[str | Path] = [commands / "fauxtune", "journal", "--follow", "--last", "1", "--type", "templateAdded"]
    command += ["--output", "json", "--data-dir", run.data_dir]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["detail"]["template"] == "First"
            run.text("template", "create", "Second")
            assert json.loads(process.stdout.readline())["detail"]["template"] == "Second"
            process.send_signal(signal.SIGINT)
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("arguments", [["device", "list"], ["device", "show", HOSTILE[:-1]], ["journal"]])
def test_a_terminal_gets_colours_but_nothing_that_a_name_asks_for(
    run: Commands, devices: dict[str, Path], arguments: list[str], commands: Path
) -> None:
    seen = at_a_terminal(*arguments, "--data-dir", run.data_dir, commands=commands)
    assert "\x1b[2J" not in seen.screen
    assert "$(touch" in seen.screen


def test_at_a_terminal_an_action_asks_first_and_no_changes_nothing(
    run: Commands, tmp_path: Path, commands: Path
) -> None:
    simulate("enroll", "--name", "كارول", "--user", CAROL, "--state", tmp_path / "device", data_dir=run.data_dir)
    where = ("--data-dir", run.data_dir)
    refused = at_a_terminal("device", "retire", "كارول", *where, commands=commands, types="n\n")
    assert refused.code == 1
    assert "Retire كارول of carol" in refused.screen
    assert "Nothing was changed." in refused.screen
    assert run.json("device", "show", "كارول")["state"] == "active"
    assert at_a_terminal("device", "retire", "كارول", *where, commands=commands, types="y\n").code == 0
    assert run.json("device", "show", "كارول")["state"] == "ending"


def test_a_device_that_is_not_managed_any_more_is_shown_with_what_it_held(
    run: Commands, devices: dict[str, Path], tmp_path: Path
) -> None:
    simulate("enroll", "--name", "Gone", "--user", CAROL, "--state", tmp_path / "gone", data_dir=run.data_dir)
    simulate("checkin", "--until-settled", "--state", tmp_path / "gone", data_dir=run.data_dir)
    run.text("device", "retire", "Gone")
    simulate("checkin", "--until-settled", "--state", tmp_path / "gone", data_dir=run.data_dir)
    assert "Gone" not in run.text("device", "list")
    text = run.text("device", "show", "gone")
    assert "management      ended, because of retire\n" in text
    (signing,) = (line.split() for line in text.splitlines() if line.startswith("Signing"))
    assert signing[1:5] == ["PKCS", "no", "no", "removed"]
    assert "ended: the company's data was removed" in run.text("journal", "--device", "Gone")


def test_shells_complete_names_and_evaluate_none(
    run: Commands, devices: dict[str, Path], tmp_path: Path, commands: Path
) -> None:
    run.text("user", "create", "eve", "--display-name", SCRIPT)
    run.text("group", "create", SCRIPT)
    complete = """
        eval "$("$0" completion bash)"
        COMP_WORDS=("$0" "$@"); COMP_CWORD=$#
        _fauxtune_completion "$0"
        (( ${#COMPREPLY[@]} == 0 )) || printf '%s\\n' "${COMPREPLY[@]}"
    """

    def completions(*words: str, **more: str) -> list[str]:
        done = subprocess.run(
            ["bash", "-c", complete, commands / "fauxtune", *words],
            env=environment(**{"FAUXTUNE_DATA_DIR": str(run.data_dir), **more}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    assert completions("dev") == ["device"]
    assert completions("device", "show", "Al") == [r"Alice\'s\ phone"]
    assert completions("device", "list", "--user", "b") == ["bob"]
    names = completions("device", "show", "")
    assert {"twin", r"هاتف\ مريم"} < set(names)
    assert [name for name in names if "touch" in name] == []
    assert completions("group", "add", "<") == [r"\<script\>alert\(1\)\</script\>\ \$\(touch\ pwned\)"]
    assert completions("device", "show", "", FAUXTUNE_DATA_DIR=str(tmp_path)) == []
    assert [*tmp_path.iterdir()] == []


def test_without_a_server_every_command_says_how_to_start_one(tmp_path: Path) -> None:
    run = Commands(tmp_path)
    for command in (("device", "list"), ("journal",), ("tenant", "list"), ("clock", "show"), ("template", "list")):
        assert "No server is running on" in run.refused(*command)


def test_a_simulated_device_is_added_and_the_server_holds_it(run: Commands, graph: httpx.Client) -> None:
    words = ("device", "add", "--user", "carol", "--platform", "ios")
    assert run.text(*words, "--fact", "isEncrypted=false").strip() == "carol's iPhone is enrolled for carol."
    path = f"/beta/users/{CAROL}/managedDevices?$select=deviceName,isEncrypted"
    records = graph.get(path).raise_for_status().json()["value"]
    assert {"carol's iPhone": False}.items() <= {
        record["deviceName"]: record["isEncrypted"] for record in records
    }.items()
    knox = ("--user", "carol", "--platform", "android", "--mode", "knox")
    assert "contoso/hosted-devices" in run.run("device", "add", *knox, "--show-request").errors
    assert "NAME=VALUE" in run.refused(*words, "--fact", "isEncrypted")
    assert "no fact isEncryptd" in run.refused(*words, "--fact", "isEncryptd=true")


@pytest.mark.parametrize(
    ("spelling", "variant", "platform", "options"),
    [
        ("iPhone", "ios", "ios", ("ios", None)),
        ("android/fully-managed", "android/fully-managed", "android-fully-managed", ("android", "fully-managed")),
        ("android-fully-managed", "android/fully-managed", "android-fully-managed", ("android", "fully-managed")),
        ("Android_Knox", "android/knox", "android-device-admin", ("android", "knox")),
        ("windows-phone", "windowsphone81", "windows-phone", ("windowsphone81", None)),
        ("windows10mobile", "windows10mobile", "windows", ("windows10mobile", None)),
        ("ipados", "ipados", "ios", ("ipados", None)),
        ("aosp", "android/aosp", "aosp", ("android", "aosp")),
    ],
)
def test_every_command_and_both_programs_take_every_spelling_of_a_kind_of_device(
    spelling: str, variant: str, platform: str, options: tuple[str, str | None]
) -> None:
    assert spelled(spelling) == variant
    assert PlatformWord(spelling) == platform
    assert kind_of_device(spelling, None) == options
    assert str(read_kind(spelling)) == variant


def test_a_kind_of_device_that_there_is_not_is_refused_with_the_nearest(run: Commands) -> None:
    add = ("device", "add", "--user", "alice", "--platform")
    assert "'ifone' is no kind of device. Did you mean iphone? There are android, ios," in wrong(run, *add, "ifone")
    assert "such as --platform android --mode fully-managed." in wrong(run, *add, "toaster")
    assert "has the mode knox already" in wrong(run, *add, "android/knox", "--mode", "aosp")
    create = ("profile", "create", "imported", "--name", "x", "--platform", "iso")
    assert wrong(run, *create).endswith("windows-phone, all. Did you mean ios?")
    purpose = ("pfx", "import", "--intended-purpose", "encryptionn", "x", "y")
    assert wrong(run, *purpose).endswith("wifi. Did you mean smimeEncryption?")


def wrong(run: Commands, *arguments: str) -> str:
    """What a command says of words that it does not understand, in one line."""
    done = run.run(*arguments)
    assert done.code == 2
    assert "Value error" not in done.errors
    return " ".join(done.errors.split())
