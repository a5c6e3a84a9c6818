"""Which apps a device is to have, and what its reports and those of its agent mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fauxtune.core.policies.app_states import (
    NOT_DETECTED,
    STILL_DETECTED,
    USUAL_CODES,
    AppReport,
    AppRun,
    DeviceApp,
    InstallState,
    after_report,
    after_run,
    changes_policy,
    codes_of,
    detection_script,
    tries_at,
)

NOTES = "com.contoso.notes"


def app(intent: str, state: InstallState, *, version: str | None = None) -> DeviceApp:
    return DeviceApp("1", NOTES, intent, state, version=version)


def report(*, installed: bool = False, refused: bool = False, complete: bool = True) -> AppReport:
    return AppReport({NOTES: "1.0"} if installed else {}, {NOTES: "no room"} if refused else {}, complete)


ORDERED = DeviceApp("a", "a", "required", InstallState.PENDING, position=0)
GOING = DeviceApp("a", "a", "uninstall", InstallState.INSTALLED, version="1.0", position=0)
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def after(app: DeviceApp, code: int | None, *, detected: bool = True) -> DeviceApp:
    return after_run(app, AppRun("a", "1", detected, exit_code=code), codes=USUAL_CODES, version="2.0")


@pytest.mark.parametrize(
    ("intent", "said", "expected"),
    [
        ("required", report(installed=True), InstallState.INSTALLED),
        ("required", report(), InstallState.PENDING),
        ("required", report(refused=True), InstallState.FAILED),
        ("uninstall", report(), InstallState.NOT_INSTALLED),
        ("uninstall", report(installed=True, refused=True), InstallState.UNINSTALL_FAILED),
        ("uninstall", report(installed=True), InstallState.INSTALLED),
        ("available", report(installed=True), InstallState.INSTALLED),
        ("available", report(refused=True), InstallState.NOT_INSTALLED),
    ],
)
def test_a_report_says_what_became_of_an_app(intent: str, said: AppReport, expected: InstallState) -> None:
    after = after_report(app(intent, InstallState.PENDING), said)
    assert after.state is expected
    assert (after.error_code is not None) is (expected in (InstallState.FAILED, InstallState.UNINSTALL_FAILED))


def test_a_report_about_an_older_policy_takes_nothing_back() -> None:
    installed = app("required", InstallState.INSTALLED, version="1.0")
    assert after_report(installed, report(complete=False)) == installed
    assert after_report(installed, report()).state is InstallState.PENDING
    going = app("uninstall", InstallState.INSTALLED, version="1.0")
    assert after_report(going, report(installed=True, complete=False)) == going


def test_a_failure_is_forgotten_when_the_app_is_there() -> None:
    failed = after_report(app("required", InstallState.PENDING), report(refused=True))
    assert after_report(failed, report(installed=True)) == app("required", InstallState.INSTALLED, version="1.0")


def test_only_orders_change_the_policy() -> None:
    required = app("required", InstallState.PENDING)
    assert changes_policy([], [required])
    assert changes_policy([required], [app("uninstall", InstallState.INSTALLED)])
    assert not changes_policy([required], [app("required", InstallState.INSTALLED, version="1.0")])
    assert not changes_policy([], [app("available", InstallState.NOT_INSTALLED)])


@pytest.mark.parametrize(
    ("code", "detected", "state", "error", "word"),
    [
        (None, True, InstallState.INSTALLED, None, None),
        (0, True, InstallState.INSTALLED, None, None),
        (1707, True, InstallState.INSTALLED, None, None),
        (3010, True, InstallState.INSTALLED, None, "has to be restarted (return code 3010)"),
        (1641, True, InstallState.INSTALLED, None, "restarts (return code 1641)"),
        (1618, False, InstallState.PENDING, 1618, "ended with 1618"),
        (0, False, InstallState.FAILED, NOT_DETECTED, "not detected"),
        (1603, False, InstallState.FAILED, 1603, "ended with 1603"),
        (1603, True, InstallState.FAILED, 1603, "ended with 1603"),
    ],
)
def test_an_install_ends_as_its_code_and_the_detection_say(
    code: int | None, detected: bool, state: InstallState, error: int | None, word: str | None
) -> None:
    result = after(ORDERED, code, detected=detected)
    assert (result.state, result.error_code) == (state, error)
    assert (word or "") in (result.reason or "")
    assert (result.reason is None) == (word is None)
    assert (result.position is None) == (state is InstallState.INSTALLED)


@pytest.mark.parametrize(
    ("code", "detected", "state", "error"),
    [
        (0, False, InstallState.NOT_INSTALLED, None),
        (3010, False, InstallState.NOT_INSTALLED, None),
        (1603, True, InstallState.UNINSTALL_FAILED, 1603),
        (0, True, InstallState.UNINSTALL_FAILED, STILL_DETECTED),
        (1618, True, InstallState.INSTALLED, 1618),
    ],
)
def test_an_uninstall_ends_as_its_code_and_the_detection_say(
    code: int, detected: bool, state: InstallState, error: int | None
) -> None:
    result = after(GOING, code, detected=detected)
    assert (result.state, result.error_code) == (state, error)


def test_an_app_that_was_only_asked_about_is_there_or_not() -> None:
    asked = DeviceApp("a", "a", "available", InstallState.UNKNOWN)
    assert after(asked, None).version == "2.0"
    assert after(asked, None, detected=False).state is InstallState.NOT_INSTALLED
    waiting = replace(asked, intent="required")
    assert after(waiting, None, detected=False).state is InstallState.PENDING


def test_an_app_defines_what_its_return_codes_mean() -> None:
    assert codes_of({}) == USUAL_CODES


def test_the_script_that_detects_an_app_is_found_among_its_rules() -> None:
    by_script = {"@odata.type": "#microsoft.graph.win32LobAppPowerShellScriptRule", "scriptContent": "ZQ=="}
    older = {"@odata.type": "#microsoft.graph.win32LobAppPowerShellScriptDetection", "scriptContent": "Zg=="}
    other = {"@odata.type": "#microsoft.graph.win32LobAppFileSystemRule", "ruleType": "detection"}
    needed = {**by_script, "ruleType": "requirement"}
    assert detection_script({"rules": [other, needed]}) is None
    assert detection_script({"rules": [other, needed, {**by_script, "ruleType": "detection"}]}) == "ZQ=="
    assert detection_script({"detectionRules": [older]}) == "Zg=="
    assert detection_script({"rules": None}) is None
    codes = codes_of({"returnCodes": [{"returnCode": 7, "type": "success"}]})
    assert after_run(ORDERED, AppRun("a", "1", True, exit_code=7), codes=codes, version="").state == "installed"
    assert after_run(ORDERED, AppRun("a", "1", True, exit_code=0), codes=codes, version="").state == "failed"


@pytest.mark.parametrize(
    ("app", "code", "detected", "waiting"),
    [
        (ORDERED, 1603, False, InstallState.FAILED),
        (ORDERED, 0, False, InstallState.FAILED),
        (ORDERED, 1618, False, InstallState.PENDING),
        (GOING, 1603, True, InstallState.UNINSTALL_FAILED),
        (GOING, 1618, True, InstallState.INSTALLED),
    ],
)
def test_what_failed_or_has_to_wait_is_tried_three_times_five_minutes_apart_and_a_day_later(
    app: DeviceApp, code: int, detected: bool, waiting: InstallState
) -> None:
    assert tries_at(app, changed_at=NOW) is None
    for attempt in range(1, 7):
        app = after(app, code, detected=detected)
        wait = timedelta(minutes=5) if attempt % 3 else timedelta(hours=24)
        assert (app.attempts, tries_at(app, changed_at=NOW)) == (attempt, NOW + wait)
        assert attempt % 3 == 0 or app.state is waiting
    assert app.state in (InstallState.FAILED, InstallState.UNINSTALL_FAILED)
    assert after(app, 0, detected=not detected).attempts == 0, "what succeeds begins again"
