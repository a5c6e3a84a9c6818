"""IntuneCD from PyPI, unmodified: a tenant is backed up, restored into an empty one, and that one's backup is the same.

It knows one address of Graph and one of the identity platform, those of the real service, and is sent here by its proxy
setting. What is not emulated answers 501, which it notes and passes by: nothing is excluded for that.
References between profiles are in no list, here as in the real service, and so in no backup of this tool.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from fauxtune.core.engine.assignment_filters.matching import PLATFORMS
from fauxtune.core.profiles.catalog import KINDS
from fauxtune.surfaces.graph.resources.served_family import Served
from tests.families.samples import every_family, name_of
from tests.families.samples import sample as family_sample
from tests.support.profile_samples import sample
from tests.support.running_server import SECONDS, Running, serving

Json = dict[str, Any]

PROFILES = "deviceManagement/deviceConfigurations"
FILTERS = "deviceManagement/assignmentFilters"
CATEGORIES = "deviceManagement/deviceCategories"
TAGS = "deviceManagement/roleScopeTags"
#: What the tool restores and the emulator has: a folder of the backup each.
FOLDERS = ("Device Configurations", "Filters", "Device Categories", "Scope Tags")
#: What it saves of families, a folder each; and what it does not restore, or not into a tenant without Apple's token.
FAMILY_FOLDERS = {
    *("App Protection", "Applications", "Apple VPP Tokens", "Compliance Policies", "Conditional Access"),
    *("Custom Attributes", "Driver Updates", "Enrollment Configurations", "Enrollment Profiles", "Feature Updates"),
    *("Group Policy Configurations", "Management Intents", "Proactive Remediations", "Quality Updates", "Roles"),
    *("Scripts", "Settings Catalog"),
}
NOT_RESTORED = (
    *("Apple Push Notification/", "Apple VPP Tokens/", "Applications/", "Enrollment Profiles/Apple/", "__archive__/"),
)
#: Properties that it takes out before it restores, by folder.
LEFT_OUT = {
    "Enrollment Configurations": ("platformType",),
    "Roles": ("roleAssignments",),
}
FILTERED = sorted(set(PLATFORMS.values()))


@dataclass(frozen=True, slots=True)
class ServedTenant:
    """A tenant as the tool signs in to it."""

    tenant: str
    client_id: str
    secret: str


@pytest.fixture(scope="module")
def server(commands: Path) -> Iterator[Running]:
    """A server that intercepts."""
    with serving("--ephemeral", "--intercept", "--proxy-port", "0", commands=commands) as running:
        yield running


@pytest.fixture(scope="module")
def full(server: Running) -> ServedTenant:
    """The tenant that has everything."""
    known = server.endpoints
    served_tenant = ServedTenant(known["tenantId"], known["clientId"], known["clientSecret"])
    with graph(server, served_tenant) as client:
        upload_push_certificate(client)
        furnish(client)
    return served_tenant


@pytest.fixture
def empty(server: Running) -> ServedTenant:
    """A tenant with nothing in it but a push certificate."""
    return tenant_named(server, f"restored-{uuid4().hex[:8]}")


def tenant_named(server: Running, name: str) -> ServedTenant:
    """A new tenant with nothing in it but a push certificate."""
    with server.client() as client:
        answer = client.post("/_fauxtune/v1/tenants", json={"seed": "none", "name": name})
        assert answer.status_code == 201, answer.text
        tenant = answer.json()
    served_tenant = ServedTenant(tenant["id"], tenant["clientId"], tenant["clientSecret"])
    with graph(server, served_tenant) as client:
        upload_push_certificate(client)
    return served_tenant


def upload_push_certificate(client: httpx.Client) -> None:
    """Without one Graph answers 404, which the tool takes for a failure."""
    body = {"appleIdentifier": "it@contoso.example", "certificate": "MIIB"}
    assert client.patch("deviceManagement/applePushNotificationCertificate", json=body).status_code == 200


def graph(server: Running, served_tenant: ServedTenant) -> httpx.Client:
    """Graph's beta with the tenant's application."""
    form = {
        "grant_type": "client_credentials",
        "client_id": served_tenant.client_id,
        "client_secret": served_tenant.secret,
        "scope": "https://graph.microsoft.com/.default",
    }
    with server.client() as client:
        token = client.post(f"/{served_tenant.tenant}/oauth2/v2.0/token", data=form).json()["access_token"]
    return httpx.Client(
        base_url=f"{server.https}/beta",
        verify=server.trusting(),
        headers={"authorization": f"Bearer {token}"},
        timeout=SECONDS,
    )


def made(client: httpx.Client, path: str, **body: Any) -> str:
    """POST, and the id of what came of it."""
    answer = client.post(path, json=body)
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["id"])


def group(client: httpx.Client, name: str, *, rule: str | None = None, **more: Any) -> str:
    """A security group."""
    body = {"displayName": name, "mailEnabled": False, "mailNickname": name.replace(" ", ""), "securityEnabled": True}
    if rule is not None:
        body |= {"membershipRule": rule, "membershipRuleProcessingState": "On"}
    return made(client, "groups", **body, **more)


def to(kind: str, **more: str) -> Json:
    """A target."""
    return {"@odata.type": f"#microsoft.graph.{kind}AssignmentTarget", **more}


def furnish(client: httpx.Client) -> None:
    """A profile of every kind with tags; groups of both sorts, filters, categories; assignments of every sort."""
    north, south = (made(client, TAGS, displayName=name, description=f"The {name}") for name in ("North", "South"))
    for name in ("Field", "Floor"):
        made(client, CATEGORIES, displayName=name, description=f"The {name}")
    sales, leavers = group(client, "Sales phones"), group(client, "Leavers")
    oslo = group(client, "Everybody in Oslo", rule='(user.city -eq "Oslo")', groupTypes=["DynamicMembership"])
    answer = client.post(f"{TAGS}/{north}/assign", json={"assignments": [{"target": to("group", groupId=sales)}]})
    assert answer.status_code == 200, answer.text
    rule = '(device.model -eq "Pixel 9")'
    filters = {
        each: made(client, FILTERS, displayName=f"Pixels, {each}", platform=each, rule=rule) for each in FILTERED
    }
    sets: tuple[list[Json], ...] = (
        [to("group", groupId=sales), to("exclusionGroup", groupId=leavers)],
        [to("group", groupId=oslo), to("allDevices")],
        [to("allLicensedUsers"), to("exclusionGroup", groupId=sales)],
        [],
    )
    profiles: dict[str, str] = {}
    for number, kind in enumerate(KINDS):
        tags = (["0"], [north], [north, south])[number % 3]
        body = {**sample(kind), "displayName": f"The {kind.name}", "roleScopeTagIds": tags}
        if "payloadFileName" in body:
            body["payloadFileName"] = f"{kind.name}.mobileconfig"
        profile = profiles[kind.name] = made(client, PROFILES, **body)
        platform = next((PLATFORMS[variant] for variant in sorted(kind.variants) if variant in PLATFORMS), "")
        assign(client, profile, targets=sets[number % 4], filter_id=filters.get(platform) if number % 2 else None)
    for owner, root in (
        ("iosScepCertificateProfile", "iosTrustedRootCertificate"),
        ("macOSScepCertificateProfile", "macOSTrustedRootCertificate"),
        ("windows81SCEPCertificateProfile", "windows81TrustedRootCertificate"),
    ):
        bound = {"@odata.id": f"https://graph.microsoft.com/beta/{PROFILES}('{profiles[root]}')"}
        url = f"{PROFILES}/{profiles[owner]}/microsoft.graph.{owner}/rootCertificate/$ref"
        assert client.put(url, json=bound).status_code == 204


def assign(client: httpx.Client, profile: str, *, targets: list[Json], filter_id: str | None) -> None:
    """Assign a profile, through a filter where there is one; excluded groups have none."""
    through: Json = {}
    if filter_id is not None:
        through = {
            "deviceAndAppManagementAssignmentFilterId": filter_id,
            "deviceAndAppManagementAssignmentFilterType": "include",
        }
    new = [{"target": target if "exclusion" in target["@odata.type"] else {**target, **through}} for target in targets]
    answer = client.post(f"{PROFILES}/{profile}/assign", json={"assignments": new})
    assert answer.status_code == 200, answer.text


@dataclass(frozen=True, slots=True)
class Tool:
    """The tool, signed in to a tenant."""

    server: Running
    served_tenant: ServedTenant

    def run(self, what: str, folder: Path, *options: str, passing: tuple[str, ...] = ()) -> str:
        """One run, and what it said. What it calls failures are refusals of what is not emulated, and `passing`."""
        folder.mkdir(exist_ok=True)
        known = self.server.endpoints
        environment = {
            "HTTPS_PROXY": known["proxy"],
            "REQUESTS_CA_BUNDLE": known["caFile"],
            "SSL_CERT_FILE": known["caFile"],
            "TENANT_NAME": self.served_tenant.tenant,
            "CLIENT_ID": self.served_tenant.client_id,
            "CLIENT_SECRET": self.served_tenant.secret,
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            # It asks for the audit log of the last day by the clock on its wall, and calls that UTC.
            "TZ": "UTC",
        }
        tool = Path(sys.executable).with_name(f"IntuneCD-start{what}")
        command = [str(tool), "-m", "1", "-p", str(folder), "--max-workers", "1", *options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "failed with exception" not in done.stdout, done.stdout
        assert set(re.findall(r"failed with status ([0-9]+)", done.stdout)) <= {"501", *passing}, done.stdout
        return done.stdout

    def backed_up(self, folder: Path) -> dict[str, Json]:
        """The files of a backup, by their path. The order of assignments and of tags says nothing; a filter's payloads
        are the ids of those that use it.
        """
        self.run("backup", folder)
        results: dict[str, Json] = {}
        for name in FOLDERS:
            for file in sorted((folder / name).glob("*.json")):
                document = json.loads(file.read_text(encoding="utf-8"))
                for each in ("assignments", "roleScopeTagIds"):
                    document.setdefault(each, []).sort(key=str)
                if name == "Filters":
                    assert document.pop("payloads")
                results[f"{name}/{file.name}"] = document
        return results


def test_a_tenant_is_restored_from_its_backup(
    server: Running, full: ServedTenant, empty: ServedTenant, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    saved = Tool(server, full).backed_up(first)
    assert len(saved) == len(KINDS) + 2 + 3 + len(FILTERED)
    targets = [assignment["target"] for document in saved.values() for assignment in document["assignments"]]
    through = {target["deviceAndAppManagementAssignmentFilterId"] for target in targets}
    assert through > {"Pixels, iOS", "Pixels, macOS", "Pixels, androidForWork", "Pixels, windows10AndLater"}
    tool = Tool(server, empty)
    # It looks tags up by name before it restores any, so they come first.
    tool.run("update", first, "-u", "--create-groups", "-e", "Profiles", "Filters", "DeviceCategories")
    tool.run("update", first, "-u", "--create-groups")
    restored = tool.backed_up(tmp_path / "second")
    assert restored.keys() == saved.keys()
    assert [name for name, document in restored.items() if document != saved[name]] == []
    with graph(server, empty) as client:
        groups = client.get("groups").json()["value"]
        assert {group["displayName"]: group["membershipRule"] for group in groups} == {
            "Sales phones": None,
            "Leavers": None,
            "Everybody in Oslo": '(user.city -eq "Oslo")',
        }

        # What somebody changed since is put back, and what somebody added is taken away. The tool takes 204 for a
        # change and 200 for a deletion; Microsoft's reference has it the other way round. Both are done all the same.
        result = client.get(PROFILES, params={"$filter": "displayName eq 'The iosScepCertificateProfile'"}).json()
        one = f"{PROFILES}/{result['value'][0]['id']}"
        kind = {"@odata.type": "#microsoft.graph.iosScepCertificateProfile"}
        assert client.patch(one, json={**kind, "renewalThresholdPercentage": 40}).status_code == 200
        new = made(client, PROFILES, **{**sample(KINDS[0]), "displayName": "Nobody knows why"})
        tool.run("update", first, "--remove", "-e", "Filters", "DeviceCategories", passing=("200", "204"))
        assert client.get(one).json()["renewalThresholdPercentage"] == 20
        assert client.get(f"{PROFILES}/{new}").status_code == 404


def furnish_families(client: httpx.Client) -> None:
    """One resource of each kind of each family."""
    ids: dict[str, str] = {}
    known = {name_of(served): served for served in every_family()}

    def path(served: Served) -> str:
        text = served.template
        for depth, family in enumerate(served.above):
            above = Served(family, served.above[:depth])
            text = text.replace(f"{{{above.key}}}", one(name_of(above)))
        return text

    def bodies(name: str) -> list[Json]:
        whole = family_sample(known[name])
        text = json.dumps(whole.bodies)
        for need in whole.needs:
            text = text.replace(f"{{{{{need}}}}}", one(need))
        result: list[Json] = json.loads(text)
        return result

    def one(name: str) -> str:
        if name not in ids:
            ids[name] = made(client, path(known[name]), **bodies(name)[0])
        return ids[name]

    for name, served in known.items():
        if "create" in served.family.verbs:
            one(name)
            for body in bodies(name)[1:]:
                made(client, path(served), **body)


def comparable(folder: Path) -> dict[str, Any]:
    """The files of a backup of families that the tool restores, without what it leaves out when it restores."""
    results: dict[str, Any] = {}
    for file in sorted(folder.rglob("*.json")):
        name = str(file.relative_to(folder))
        if not name.startswith(NOT_RESTORED):
            document = json.loads(file.read_text(encoding="utf-8"))
            for each in LEFT_OUT.get(name.partition("/")[0], ()):
                document.pop(each, None)
            # A policy that it restores is for nobody, so that it locks nobody out.
            document.get("conditions", {}).pop("users", None)
            results[name] = as_sent(document)
    return results


def as_sent(value: Any) -> Any:
    """A document without what the server makes: times, contexts, and the ids of the values of a policy."""
    if isinstance(value, list):
        return [as_sent(each) for each in value]
    if not isinstance(value, dict):
        return value
    own = {
        "createdDateTime",
        "lastModifiedDateTime",
        *(("id",) if "definition" in value or "presentation" in value else ()),
    }
    return {
        name: as_sent(each) for name, each in value.items() if name not in own and not name.endswith("@odata.context")
    }


def test_everything_else_that_it_knows_is_backed_up_and_restored(
    server: Running, empty: ServedTenant, tmp_path: Path
) -> None:
    everything = tenant_named(server, "everything")
    with graph(server, everything) as client:
        furnish_families(client)
    first, second = tmp_path / "first", tmp_path / "second"
    Tool(server, everything).run("backup", first)
    folders = {file.relative_to(first).parts[0] for file in first.rglob("*.json")}
    assert folders >= FAMILY_FOLDERS
    Tool(server, empty).run("update", first, "-u", "--create-groups", passing=("200",))
    Tool(server, empty).run("backup", second)
    saved, restored = comparable(first), comparable(second)
    assert restored.keys() == saved.keys()
    assert [name for name, document in restored.items() if document != saved[name]] == []
    assert len(saved) > 40


@pytest.mark.program("git", package="git")
def test_the_audit_log_tells_it_who_made_what(server: Running, full: ServedTenant, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    Tool(server, full).run("backup", tmp_path, "--audit", "--prefix", "The ios", "--skip-archive")
    log = ["git", "-C", str(tmp_path), "log", "--format=%an: %s"]
    lines = subprocess.run(log, capture_output=True, text=True, check=True).stdout.splitlines()
    # One commit for each profile, in the name of whoever changed it last: here the application that furnished.
    assert {line.partition(" ")[0] for line in lines} == {"Fauxtune"}
    assert len(lines) == len([kind for kind in KINDS if kind.name.startswith("ios")])
