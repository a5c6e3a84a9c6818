"""What public programs call is answered, or refused with its reason: no path that Graph has is called unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.core.odata.schema.types import Version
from fauxtune_docs.pages.coverage_words import demanded_calls
from tests.support.graph import ABSENT, error_code, error_message
from tests.surfaces.graph import public_calls

#: Of the first so many calls, how many are served: what is served stays served.
LEAST = {50: 50, 100: 99, 200: 197, 322: 317}
CALLS = demanded_calls(Path(__file__).parents[3] / "docs")


async def test_no_call_of_a_public_program_is_told_that_its_path_does_not_exist(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient
) -> None:
    clients = {Version.BETA.value: beta, Version.V1.value: v1}
    unknown = []
    for call in CALLS:
        path = call.path.replace("{id}", ABSENT).replace("{cast}", "microsoft.graph.win32LobApp")
        for version in call.versions:
            body: dict[str, Any] | None = None if call.verb in {"GET", "DELETE"} else {}
            answer = await clients[version].request(call.verb, path, json=body)
            # Programs ask v1.0 for a few paths that beta alone has.
            if version is Version.BETA and "Resource not found for the segment" in answer.text:
                unknown.append((version, call.verb, path))
            assert answer.status_code < 500 or answer.status_code == 501, (call.verb, path, answer.text)
            assert "No OData route exists" not in answer.text, (version, call.verb, path)
    assert unknown == []
    assert len(CALLS) > 300


def test_most_of_what_public_programs_call_is_served() -> None:
    missing = [f"{call.verb} {call.path}" for call in CALLS if not call.is_served]
    of_first = {count: sum(call.is_served for call in CALLS[:count]) for count in LEAST}
    assert all(of_first[count] >= least for count, least in LEAST.items()), (of_first, missing)


async def test_no_collection_of_a_public_program_is_unknown(beta: httpx.AsyncClient) -> None:
    for path in public_calls.COLLECTIONS.split():
        answer = await beta.get(f"/{path}")
        # An application has no "me".
        assert answer.status_code in ({400} if path == "me" else {200, 501}), (path, answer.text)
        assert "Resource not found" not in answer.text


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("contracts", "of the directory there are users"),
        ("servicePrincipals(appId='x')/owners", "of the directory there are users"),
        ("deviceManagement/virtualEndpoint/deviceImages", "there are no Cloud PCs"),
        ("auditLogs/signIns", "of reports there are those of devices"),
        ("deviceAppManagement/managedEBooks", "apps are kept, assigned and installed"),
        ("users/alice@contoso.example/messages?$top=1", "there is no Exchange"),
        ("groups/x/members/microsoft.graph.servicePrincipal", "of the directory there are users"),
        ("groups/x/team", "there is no Exchange, no Teams"),
    ],
)
async def test_what_v1_has_and_is_not_emulated_says_so_in_both_versions(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, *, path: str, reason: str
) -> None:
    for graph in (beta, v1):
        answer = await graph.get(f"/{path}")
        assert (answer.status_code, error_code(answer)) == (501, "NotImplemented"), answer.text
        assert reason in error_message(answer)
        assert "docs/coverage.md" in error_message(answer)


@pytest.mark.parametrize(
    "path",
    [
        "deviceConfigurations/microsoft.graph.iosVpnConfiguration",
        "deviceConfigurations/x/microsoft.graph.iosVpnConfiguration/identityCertificate",
        "deviceConfigurations/x/graph.windowsWifiConfiguration",
        "deviceConfigurations/x/extendFeatureUpdatesPause",
        "deviceConfigurations/x/rootCertificate/assignments",
        "managedDevices/x/resizeCloudPc",
    ],
)
async def test_further_parts_of_profiles_and_devices_are_refused_too(beta: httpx.AsyncClient, path: str) -> None:
    assert (await beta.get(f"/deviceManagement/{path}")).status_code == 501


@pytest.mark.parametrize("name", ["cloudCertificationAuthority", "derivedCredentials", "templateSettings/x/y"])
async def test_what_beta_alone_has_is_refused_there_and_unknown_to_v1(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, name: str
) -> None:
    assert (await beta.get(f"/deviceManagement/{name}")).status_code == 501
    answer = await v1.get(f"/deviceManagement/{name}")
    assert answer.status_code == 400
    assert error_message(answer) == f"Resource not found for the segment '{name.partition('/')[0]}'."


@pytest.mark.parametrize(
    ("path", "segment"),
    [
        ("servicePrincipal", "servicePrincipal"),
        ("deviceManagement/deviceCompliancePolicy", "deviceCompliancePolicy"),
        ("deviceAppManagement/mobileApp", "mobileApp"),
        ("deviceManagement/managedDevices/x/wipes", "wipes"),
        ("users/x/mesages", "mesages"),
        ("groups/x/members/microsoft.graph.toaster/$count", "$count"),
    ],
)
async def test_a_misspelt_path_is_still_unknown(beta: httpx.AsyncClient, path: str, segment: str) -> None:
    answer = await beta.get(f"/{path}")
    assert (answer.status_code, error_message(answer)) == (400, f"Resource not found for the segment '{segment}'.")
