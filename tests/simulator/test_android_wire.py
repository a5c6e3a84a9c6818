"""Android devices on the wire: what a simulated one does when it is told to, and how it says so.

By the example messages of tests/wire/android: what the simulator writes has their shape, and it reads the rest.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.agent.cadence import read_push
from fauxtune_sim.android import messages, settings
from fauxtune_sim.android.commands import execute
from fauxtune_sim.android.enrollment import MODES, AndroidEnrollment
from fauxtune_sim.android.scep import read_settings
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import Refusal
from fauxtune_sim.device.state_folder import Condition
from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.keys.keystore import KeyEntry, certificate_request
from fauxtune_sim.mail.accounts import MailAccount
from fauxtune_sim.platforms import Mode, Platform
from fauxtune_sim.scep.csr import SIGNING

if TYPE_CHECKING:
    from tests.simulator.conftest import Enrolled, Service


EXAMPLES = Path(__file__).parents[1] / "wire" / "android"


def example(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text())
    return document


def shape(document: Any) -> Any:
    """The names and types of a message, without its values."""
    if isinstance(document, dict):
        return {name: shape(value) for name, value in document.items()}
    if isinstance(document, list):
        return [shape(document[0])] if document else []
    return type(document).__name__


@pytest.mark.parametrize("mode", list(Mode))
def test_an_enroll_request_has_the_shape_of_the_example(mode: Mode, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    csr = certificate_request(raw_rsa_keys[0], "device")
    request = messages.enroll_request(Device.new("a phone", mode=mode), token="t", csr=csr)
    result = example("enroll-request")
    if MODES[mode].management is None:
        del result["managementMode"]
    if mode is not Mode.WORK_PROFILE:
        del result["hardwareInfo"]["enterpriseSpecificId"]
    assert shape(request) == shape(result)


def test_the_example_request_carries_a_valid_certificate_request() -> None:
    csr = x509.load_der_x509_csr(base64.b64decode(example("enroll-request")["csr"]))
    assert csr.is_signature_valid


def test_a_personal_device_shows_neither_serial_number_nor_imei_and_a_company_device_does() -> None:
    personal = messages.enroll_request(Device.new(mode=Mode.WORK_PROFILE), token="t", csr=b"")
    company = messages.enroll_request(Device.new(mode=Mode.FULLY_MANAGED), token="t", csr=b"")
    assert (personal["hardwareInfo"]["serialNumber"], personal["networkInfo"]["imei"]) == ("", "")
    assert company["hardwareInfo"]["serialNumber"]
    assert len(company["networkInfo"]["imei"]) == 15
    assert (personal["managementMode"], personal["ownership"]) == ("PROFILE_OWNER", "PERSONALLY_OWNED")
    assert (company["managementMode"], company["ownership"]) == ("DEVICE_OWNER", "COMPANY_OWNED")


def test_the_enroll_answer_is_read() -> None:
    answer = messages.read_enroll_response(example("enroll-answer"))
    assert answer.name.startswith("enterprises/")
    assert answer.user_principal_name == "alice@contoso.example"
    assert x509.load_der_x509_certificate(answer.identity_certificate).serial_number == 0x5F3A


def enrolled(device: Device, *, policy_name: str) -> Device:
    device.enrollment = AndroidEnrollment(
        server="",
        tenant="",
        name="",
        credential="",
        identity_certificate=b"",
        identity_key=b"",
        policy_name=policy_name,
        user_principal_name="",
        push_token="",
        policy_version="8",
        refusals=(Refusal("keyPairs", "keyPairs[alias=x]", "it does not open"),),
        reporting=messages.policy(example("policy")).reporting,
    )
    return device


def test_a_status_report_has_the_shape_of_the_example() -> None:
    result = example("report-status-request")
    device = enrolled(Device.new("a phone"), policy_name=result["appliedPolicyName"])
    device.keystore.install(KeyEntry(alias="a", source="pkcs", certificate=b"", key=b""))
    device.keystore.trusted["0" * 64] = b""
    device.accounts["email-1"] = MailAccount("email-1", package="com.google.android.gm", digest="d")
    report = messages.status_report(device)
    assert shape(report) == shape(result)
    assert report["policyCompliant"] is False
    assert report["keyStore"]["aliases"] == [
        {"alias": "a", "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709", "isIdentity": True}
    ]


def test_a_company_device_reports_what_a_personal_one_withholds() -> None:
    device = enrolled(Device.new(mode=Mode.FULLY_MANAGED), policy_name="p")
    parts = {name: value for name, value in messages.status_report(device).items() if name.endswith(("Info", "Mode"))}
    assert shape(parts) == shape({name: example("report-status-company")[name] for name in parts})


def test_a_device_reports_the_parts_that_its_policy_switches_on() -> None:
    device = enrolled(Device.new(), policy_name="p")
    assert isinstance(device.enrollment, AndroidEnrollment)
    device.enrollment.reporting = ("memoryInfoEnabled",)
    report = messages.status_report(device)
    assert {"hardwareInfo", "securityPosture", "memoryInfo", "memoryEvents"} <= report.keys()
    assert not {"softwareInfo", "networkInfo", "deviceSettings", "powerManagementEvents"} & report.keys()


def test_the_status_answer_is_read() -> None:
    assert messages.read_status_response(example("report-status-answer")) == messages.StatusReportResponse("9", 1)


def test_the_policy_is_read_and_its_words_become_ours() -> None:
    policy = messages.policy(example("policy"))
    assert policy.version == "9"
    assert [(one.source, one.intended_purpose) for one in policy.key_pairs] == [
        ("pkcs", None),
        ("imported", "smimeEncryption"),
    ]
    (trusted,) = policy.ca_certificates
    assert len(trusted.sha256) == 64
    (application,) = policy.applications
    assert application.package == "com.google.android.gm"
    assert application.account == "email-91d7a9a2-54a6-4a0e-8a39-6d0f3f9b7c11"
    assert application.configuration["exchange_login_certificate_alias"] == policy.key_pairs[0].alias


def test_operations_are_read() -> None:
    (operation,) = messages.operations(example("operations"))
    assert (operation.type, operation.scope) == ("WIPE", "DEVICE")


@pytest.mark.parametrize(("name", "wakes"), [("push-answer", True), ("push-answer-quiet", False)])
def test_push_answers_are_read(name: str, wakes: bool) -> None:
    push = read_push(example(name))
    assert (push.seq, push.wakes, push.now.year) == (4, wakes, 2026)


def test_an_error_is_read() -> None:
    word, message = messages.error_status(example("device-not-found"))
    assert word == "DEVICE_NOT_FOUND"
    assert "over" in message


def test_what_the_policy_lets_the_device_request_is_read() -> None:
    (pair,) = messages.policy(example("policy-scep")).key_pairs
    assert (pair.source, pair.pkcs12) == ("scep", "")
    assert pair.scep is not None
    wanted = read_settings(pair.scep)
    request = wanted.request
    assert (wanted.url, wanted.retries, wanted.retry_delay) == ("https://ndes.contoso.example/scep", 3, 600)
    assert wanted.other_urls == ("https://ndes2.contoso.example/scep",)
    assert wanted.fingerprint == bytes.fromhex("cd" * 20)
    assert (request.subject, request.mail_names) == (((("CN", "alice"),),), ("alice@contoso.example",))
    assert (request.key_usages, request.digest) == ((SIGNING,), "sha256")


def test_what_the_policy_sets_is_read_applied_and_refused_by_its_path() -> None:
    device = Device.new(platform=Platform.ANDROID, mode=Mode.WORK_PROFILE)
    device.report(isPasscodePresent=False)
    policy, refusals = messages.policy(example("policy-settings")), list[Refusal]()
    changed, removed = settings.apply({**policy.settings, "colour": "red"}, device, refusals=refusals)
    assert (set(changed), removed) == (set(device.settings), [])
    assert device.settings["passwordPolicies/SCOPE_PROFILE/passwordQuality"] == "NUMERIC_COMPLEX"
    assert device.facts["isPasscodePresent"] is True
    assert [(refusal.setting, refusal.word) for refusal in refusals] == [("colour", "UNSUPPORTED")]
    device.refuse("setting")
    refusals.clear()
    settings.apply(
        {"passwordPolicies": [{"passwordScope": "SCOPE_DEVICE", "passwordMinimumLength": 8}]}, device, refusals=refusals
    )
    (refusal,) = refusals
    assert refusal.path == "passwordPolicies[passwordScope=SCOPE_DEVICE].passwordMinimumLength"
    assert dict(device.settings) == {"passwordPolicies/SCOPE_DEVICE/passwordMinimumLength": 6}


@pytest.mark.parametrize("missing", ["name", "version"])
def test_a_policy_without_its_name_or_version_is_refused(missing: str) -> None:
    document = example("policy")
    del document[missing]
    with pytest.raises(AnswerBroken, match=missing):
        messages.policy(document)


async def test_a_company_device_does_all_that_the_example_tells_it(enrolled: Enrolled, service: Service) -> None:
    agent = await enrolled(mode=Mode.FULLY_MANAGED)
    served = service.of(agent)
    for number, one in enumerate(example("operations-commands")["operations"]):
        served.operations.append({**one, "name": f"{served.name}/operations/{number}"})
    done = await agent.check_in()
    assert (done.settled, done.executed[0], len(done.executed)) == (True, "LOCK", 7)
    assert agent.device.name == "Reception 1"
    assert agent.device.condition == Condition(
        locked=True,
        unlocked_since_boot=False,
        passcode="00427193",
        reboots=1,
        lost=None,
        sounds=1,
        notifications=[("Lunch", "Soup today")],
    )
    bodies = [one["body"] for one in served.completed]
    assert [body for body in bodies if "error" in body] == []
    (told,) = [body for body in bodies if "response" in body]
    assert shape(told) == shape(example("complete-request-location"))


def test_lost_mode_shows_its_message_until_it_ends() -> None:
    # Not in the example: Intune has lost mode for supervised iOS devices only, the Android Management API knows it.
    device = Device.new(mode=Mode.FULLY_MANAGED)
    params = {"startLostModeParams": {"lostMessage": {"defaultMessage": "Lost. Please call."}}}
    start = messages.Operation(name="", type="START_LOST_MODE", scope="", details=params)
    assert execute(start, device).error is None
    assert device.condition.lost == "Lost. Please call."
    assert execute(messages.Operation(name="", type="STOP_LOST_MODE", scope=""), device).error is None
    assert device.condition.lost is None


@pytest.mark.parametrize("word", ["REBOOT", "START_LOST_MODE", "LOCATE", "PLAY_SOUND", "SET_DEVICE_NAME"])
def test_a_work_profile_cannot_do_what_is_the_owners(word: str) -> None:
    device = Device.new(mode=Mode.WORK_PROFILE)
    result = execute(messages.Operation(name="", type=word, scope=""), device)
    assert result.error is not None
    assert result.error[0] == 9
    assert device.condition == Condition()


@pytest.mark.parametrize(
    ("word", "details"),
    [
        ("RESET_PASSWORD", {}),
        ("RESET_PASSWORD", {"newPassword": 1}),
        ("START_LOST_MODE", {"startLostModeParams": []}),
        ("SET_DEVICE_NAME", {"deviceName": None}),
        ("SHOW_NOTIFICATION", {"notification": {"title": "x"}}),
    ],
)
def test_a_command_that_lacks_something_is_refused_and_changes_nothing(word: str, details: dict[str, Any]) -> None:
    device = Device.new("a phone", mode=Mode.FULLY_MANAGED)
    result = execute(messages.Operation(name="", type=word, scope="", details=details), device)
    assert result.error is not None
    assert result.error[0] == 3
    assert (device.condition, device.name) == (Condition(), "a phone")


def test_the_condition_survives_a_restart_and_old_folders_have_none(tmp_path: Path) -> None:
    device = Device.new(folder=tmp_path / "phone")
    device.condition.locked = True
    device.condition.notifications.append(("a", "b"))
    device.save()
    assert load_device(tmp_path / "phone").condition == device.condition
    kept = json.loads((tmp_path / "phone" / "device.json").read_text())
    del kept["condition"]
    (tmp_path / "phone" / "device.json").write_text(json.dumps(kept))
    assert load_device(tmp_path / "phone").condition == Condition()


async def test_a_factory_reset_forgets_the_passcode_too(enrolled: Enrolled, service: Service) -> None:
    agent = await enrolled(mode=Mode.FULLY_MANAGED)
    agent.device.condition.passcode = "1234"
    service.of(agent).wipe("DEVICE")
    await agent.check_in()
    assert agent.device.condition == Condition()


def test_an_operation_without_metadata_is_refused() -> None:
    with pytest.raises(AnswerBroken, match="metadata"):
        messages.operations({"operations": [{"name": "x", "metadata": [1]}]})
