"""Which apps a device is to have, and what its reports make of them."""

from __future__ import annotations

import pytest

from fauxtune.core.policies.app_states import (
    AppReport,
    DeviceApp,
    InstallState,
    after_report,
    changes_policy,
)

NOTES = "com.contoso.notes"


def app(intent: str, state: InstallState, *, version: str | None = None) -> DeviceApp:
    return DeviceApp("1", NOTES, intent, state, version=version)


def report(*, installed: bool = False, refused: bool = False, complete: bool = True) -> AppReport:
    return AppReport({NOTES: "1.0"} if installed else {}, {NOTES: "no room"} if refused else {}, complete)


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
