"""`fauxtune probe` on the emulator, and on a real service, for which the emulator's public surfaces stand here."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from fauxtune_client.sign_in import DeviceSignIn
from tests.support.commands import Commands
from tests.support.running_server import Served
from tests.support.sign_in import hidden_fields

CLIENT = "c0ffee00-0000-4000-8000-00000000a991"
NAMES = ("displayName", "mailNickname")


def as_real(server: Served) -> list[str]:
    """The options by which the emulator stands for the public cloud."""
    ca = str(server.endpoints["caFile"])
    return ["--target", "real", "--authority", server.https, "--graph-uri", server.https, "--ca", ca, "--rate", "50"]


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of somebody who signs in as an application."""
    monkeypatch.setenv("AZURE_TENANT_ID", "contoso")
    monkeypatch.setenv("AZURE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "fauxtune-not-a-secret")


def groups(graph: httpx.Client) -> set[str]:
    return {item["displayName"] for item in graph.get("/v1.0/groups").json()["value"]}


def test_the_emulator_is_probed_wholly_and_is_left_as_it_was(
    run: Commands, graph: httpx.Client, tmp_path: Path
) -> None:
    before, report = groups(graph), (tmp_path / "r").with_suffix(".md")
    only = [word for name in ("group-*", "profile-create", "user-update", "batch*") for word in ("--only", name)]
    done = run.run("probe", *only, "--report", report)
    assert done.code == 0, done.output
    assert " 0 differs, 0 not tried" in done.output
    assert "confirmed group-create v1.0" in done.errors
    assert "| ✓ | group-create v1.0 |" in report.read_text(encoding="utf-8")
    assert groups(graph) == before
    assert graph.get("/v1.0/deviceManagement/deviceConfigurations").json()["value"] == []


def test_a_tenant_of_another_edition_and_without_the_switch_is_asked_less(run: Commands) -> None:
    run.text("tenant", "create", "old", "--edition", "2020-04")
    only = [word for name in ("imported-purpose-is-fixed", "filter-ne*") for word in ("--only", name)]
    done = run.run("probe", "--tenant", "old", *only)
    assert (done.code, "2 confirmed, 0 differs, 3 not tried" in done.output) == (0, True), done.output
    assert "because the tenant behaves like Intune of 2020" in done.output
    assert "because the tenant's switch graph.faithfulQuery is off" in done.output


def test_a_real_tenant_is_only_read_and_the_report_names_nobody(
    run: Commands, server: Served, application: None, tmp_path: Path
) -> None:
    for suffix in ("json", "html"):
        done = run.run("probe", *as_real(server), "--only", "user*", "--report", tmp_path / f"r.{suffix}")
        assert done.code == 0, done.errors
    result = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (result["target"], result["write"], result["counts"]["differs"]) == ("real", False, 0)
    why = {each["id"]: each["why"] for each in result["results"]}
    assert why["user-create"] == "it changes things in the tenant: only with --write"
    assert why["user-by-name"] == ""
    assert result["when"].endswith("GMT")
    texts = done.output + done.errors + "".join(file.read_text(encoding="utf-8") for file in tmp_path.iterdir())
    for secret in ("contoso.example", "Alice", "Bearer", "eyJ", "not-a-secret"):
        assert secret not in texts
    assert "<h2>Confirmed</h2>" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_somebody_signs_in_by_device_code(run: Commands, server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    real_wait = DeviceSignIn.wait

    def signed_in_meanwhile(sign_in: DeviceSignIn) -> str:
        with server.client() as browser:
            page = browser.get(sign_in.page, params={"user_code": sign_in.user_code})
            browser.post(sign_in.page, data={**hidden_fields(page), "user": "alice@contoso.example"}).raise_for_status()
        sign_in.interval = 0.0
        return real_wait(sign_in)

    monkeypatch.setattr(DeviceSignIn, "wait", signed_in_meanwhile)
    done = run.run("probe", *as_real(server), "--tenant", "contoso", "--client-id", CLIENT, "--only", "me-*")
    assert done.code == 0, done.errors
    assert "in a browser and enter the code" in done.errors
    assert "not tried: 2 because only a signed-in application can try it" in done.output
    assert "confirmed me-of-a-user beta" in done.errors


def test_a_tenant_that_permits_nothing_is_not_tried(
    run: Commands, server: Served, application: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.client() as control:
        body = {"displayName": "Nobody", "roles": ["Application.Read.All"], "secret": "nobody-secret"}
        made = control.post("/_fauxtune/v1/tenants/contoso/applications", json=body).raise_for_status().json()
    monkeypatch.setenv("AZURE_CLIENT_ID", made["clientId"])
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "nobody-secret")
    done = run.run("probe", *as_real(server), "--only", "user-by-name", "--only", "device-properties")
    assert done.code == 1
    assert "because no permission; it needs User.Read.All" in done.output
    assert "0 confirmed, 0 differs, 4 not tried" in done.output


def test_a_real_tenant_is_not_changed_unasked(
    run: Commands, server: Served, graph: httpx.Client, application: None
) -> None:
    before = groups(graph)
    words = [*as_real(server), "--write", "--only", "member-add"]
    refused = run.refused("probe", *words)
    assert "up to 4 security groups, empty but for one another" in refused
    assert "only after a question at a terminal, or with --yes" in refused
    assert run.run("probe", *words, "--yes").code == 0
    assert groups(graph) == before


def test_what_an_ended_run_left_is_deleted_and_nothing_else(
    run: Commands, server: Served, graph: httpx.Client, application: None
) -> None:
    group = {"mailEnabled": False, "securityEnabled": True}
    for name in ("fauxtune-probe-0123abcd-group", "fauxtune-probe-notes", "fauxtune-prober"):
        graph.post("/v1.0/groups", json={**group, **dict.fromkeys(NAMES, name)}).raise_for_status()
    kind = "#microsoft.graph.windows10CustomConfiguration"
    profile = {"@odata.type": kind, "displayName": "fauxtune-probe-0123abcd-profile"}
    graph.post("/beta/deviceManagement/deviceConfigurations", json=profile).raise_for_status()
    refused = run.refused("probe", "clean", *as_real(server))
    assert "fauxtune-probe-0123abcd-group" in refused
    assert "--yes" in refused
    result = run.json("probe", "clean", *as_real(server), "--yes")
    assert set(result["deleted"]) == {"fauxtune-probe-0123abcd-group", "fauxtune-probe-0123abcd-profile"}
    assert {"fauxtune-probe-notes", "fauxtune-prober"} <= groups(graph)
    assert run.json("probe", "clean") == {"deleted": [], "notDeleted": [], "notRead": []}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--only", "frob*"), "No expectation has an id like 'frob*'"),
        (("--report", "report.pdf"), "must end in .md, .html or .json"),
        (("--prefix", "a b"), "3 to 30 letters, digits and hyphens"),
        (("--target", "real", "--graph-uri", "https://127.0.0.1:9"), "answer"),
    ],
)
def test_a_wrong_option_is_named(
    run: Commands, server: Served, application: None, words: tuple[str, ...], *, message: str
) -> None:
    authority = ["--authority", server.https, "--ca", str(server.endpoints["caFile"])]
    assert message in run.refused("probe", *words, *authority)


def test_the_expectations_are_listed(run: Commands) -> None:
    assert "error-shape" in run.text("probe", "list")
    (one,) = run.json("probe", "list", "--only", "member-add")
    assert (one["writes"], one["routes"][-1]) == (True, "GET /groups/{group}/members")
