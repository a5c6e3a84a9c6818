"""`fauxtune user enrollable`: what a user may enrol, what refuses the rest, and what was refused."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

import fauxtune_sim.cli.main
from tests.support.commands import Commands

_CONFIGURATIONS = "/deviceManagement/deviceEnrollmentConfigurations"


@pytest.fixture
def restricted(graph: httpx.Client, run: Commands, tmp_path: Path) -> None:
    """iPhones need 18, and one with 17 was refused."""
    body = {
        "@odata.type": "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration",
        "displayName": "New iPhones",
        "platformType": "ios",
        "platformRestriction": {"osMinimumVersion": "18.0"},
    }
    url = f"/beta{_CONFIGURATIONS}"
    made = graph.post(url, json=body).raise_for_status().json()
    target = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
    graph.post(f"{url}/{made['id']}/assign", json={"enrollmentConfigurationAssignments": [target]}).raise_for_status()
    arguments = [
        "enroll",
        "--platform",
        "ios",
        "--os-version",
        "17",
        "--user",
        "alice",
        "--state",
        str(tmp_path / "old"),
    ]
    result = CliRunner(env={"FAUXTUNE_DATA_DIR": str(run.data_dir)}).invoke(fauxtune_sim.cli.main.app, arguments)
    assert result.exit_code == 1
    assert "The enrolment restriction 'New iPhones' allows iOS from 18.0 on" in result.output


@pytest.mark.usefixtures("restricted")
def test_a_person_sees_what_a_user_may_enrol_and_what_was_refused(run: Commands) -> None:
    kinds = {kind["kind"]: kind for kind in run.json("user", "enrollable", "alice", "--os-version", "17.5")["kinds"]}
    assert (kinds["ios"]["allowed"], kinds["ios"]["ground"]) == (False, "osVersionTooLow")
    assert (kinds["windows"]["allowed"], kinds["windows"]["restriction"]) == (True, None)
    text = run.text("user", "enrollable", "alice", "--os-version", "17.5")
    assert "allows iOS from 18.0 on" in " ".join(text.split())
    assert "refused at" in text
    assert all(kind["allowed"] for kind in run.json("user", "enrollable", "bob", "--os-version", "18.1")["kinds"])
