"""`fauxtune profile`, `user` and `group`: what they do, what they print, and when they say no."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune_cli.profile.profile_choice import PlatformWord
from tests.support.commands import Commands

Json = dict[str, Any]
STAFF = "All Staff"


def assigned(graph: httpx.Client, name: str) -> list[str]:
    """The types of the targets of the profile with this name."""
    profiles = graph.get("/beta/deviceManagement/deviceConfigurations?$expand=assignments").json()["value"]
    (profile,) = (each for each in profiles if each["displayName"] == name)
    return sorted(assignment["target"]["@odata.type"].rpartition(".")[2] for assignment in profile["assignments"])


def test_the_words_for_platforms_are_those_of_the_core() -> None:
    assert [*PlatformWord] == [*ProfilePlatform, "all"]


def test_a_root_is_the_tenants_own_unless_a_file_is_named(run: Commands, graph: httpx.Client, tmp_path: Path) -> None:
    created = run.text("profile", "create", "root", "--name", "Own", "--platform", "all", "--all-users")
    assert created.startswith("Created 8 profiles, assigned to all users:\n  Own (Android work profile)\n")
    assert assigned(graph, "Own (iOS)") == ["allLicensedUsersAssignmentTarget"]
    der = graph.get("/pki/contoso/issuing/ca.cer").raise_for_status().content
    (tmp_path / "issuing.cer").write_bytes(der)
    (profile,) = run.json(
        "profile", "create", "root", "--name", "Issuing", "--platform", "windows", "--certificate",
        tmp_path / "issuing.cer",
    )["profiles"]  # fmt: skip
    assert (profile["displayName"], profile["certFileName"]) == ("Issuing", "issuing.cer")
    assert profile["destinationStore"] == "computerCertStoreIntermediate"
    (tmp_path / "text.cer").write_text("this is no certificate")
    for file, words in (("missing.cer", "cannot be read"), ("text.cer", "certificate")):
        answer = run.refused(
            "profile", "create", "root", "--name", "Bad", "--platform", "ios", "--certificate", tmp_path / file
        )
        assert words in answer


def test_one_command_makes_a_signing_profile_for_every_platform_and_assigns_it(
    run: Commands, graph: httpx.Client
) -> None:
    run.text("profile", "create", "root", "--name", "Trust", "--platform", "android")
    command = ("profile", "create", "pkcs", "--name", "Signing", "--template", "smimesigning", "--platform", "all")
    profiles = run.json(*command, "--root", "Trust", "--group", STAFF)["profiles"]
    assert [profile["certificateTemplateName"] for profile in profiles] == ["SmimeSigning"] * 7
    assert {profile["certificationAuthorityName"] for profile in profiles} == {"Contoso Issuing CA"}
    assert all(len(profile["assignments"]) == 1 for profile in profiles)
    notes = {profile["displayName"]: profile["notes"] for profile in profiles}
    assert notes["Signing (Android work profile)"] == []
    assert notes["Signing (iOS)"] == [
        "It cannot refer to a profile for the root: Graph has no rootCertificate for its type."
    ]
    work = next(profile for profile in profiles if "Work" in profile["@odata.type"])
    path = f"/beta/deviceManagement/deviceConfigurations/{work['id']}"
    root = graph.get(f"{path}/microsoft.graph.androidWorkProfilePkcsCertificateProfile/rootCertificate").json()
    assert root["displayName"] == "Trust"
    words = run.refused("profile", "create", "pkcs", "--name", "X", "--template", "Smime", "--platform", "ios")
    assert "There is no template 'Smime'. Similar: 'SmimeBoth'" in words


def test_a_pkcs_profile_whose_root_no_profile_gives_says_so_with_the_command(run: Commands) -> None:
    own = ("--tenant", run.json("tenant", "create", "rootless", "--seed", "none", "--keys", "shared")["name"])
    create = ("profile", "create", "pkcs", "--template", "SmimeSigning", *own)
    told = run.text(*create, "--name", "Signing", "--platform", "iphone", "--platform", "macos", "--all-users")
    command = 'fauxtune profile create root --name "CA root" --platform ios --platform macos --all-users'
    assert told.splitlines()[-2:] == [
        "No profile gives these devices the root of the CA, and without it they do not install the certificates:",
        command,
    ]
    run.text("profile", "create", "root", "--name", "CA root", "--platform", "all", "--all-users", *own)
    assert "the root of the CA" not in run.text(*create, "--name", "Later", "--platform", "ios")
    run.text("tenant", "delete", "rootless", "--yes")


def test_a_scep_profile_is_for_the_tenants_own_server_and_root_unless_others_are_named(
    run: Commands, graph: httpx.Client
) -> None:
    command = ("profile", "create", "scep", "--platform", "ios")
    run.text("profile", "create", "root", "--name", "Only", "--platform", "aosp")
    (own,) = run.json("profile", "create", "scep", "--name", "Own", "--platform", "aosp")["profiles"]
    (server,) = own["scepServerUrls"]
    assert server.endswith("/pki/contoso/certsrv/mscep/mscep.dll")
    assert (own["notes"], own["keySize"], own["keyUsage"]) == ([], "size2048", "keyEncipherment,digitalSignature")
    assert [usage["name"] for usage in own["extendedKeyUsages"]] == ["Client Authentication"]
    kind = own["@odata.type"].removeprefix("#")
    root = graph.get(f"/beta/deviceManagement/deviceConfigurations/{own['id']}/{kind}/rootCertificate").json()
    assert root["certFileName"] == "root.cer"
    above: list[str] = []
    above += ("--scep-server", "https://a.example/scep", "--scep-server", "https://b.example/scep", "--purpose", "mail")
    above += ("--purpose", "1.2.3.4", "--usage", "signing", "--key-size", "4096", "--for-device", "--name", "Partner")
    (partner,) = run.json(*command, *above)["profiles"]
    assert len(partner["scepServerUrls"]) == 2
    assert [usage["objectIdentifier"] for usage in partner["extendedKeyUsages"]] == ["1.3.6.1.5.5.7.3.4", "1.2.3.4"]
    assert (partner["subjectNameFormatString"], partner["certificateStore"]) == ("CN={{AAD_Device_ID}}", "machine")
    assert partner["customSubjectAlternativeNames"] == []
    assert "bits" in run.refused(*command, "--name", "X", "--key-size", "1000")
    assert "scepServerUrls" in run.refused(*command, "--name", "X", "--scep-server", "ftp://nowhere")


def test_certificates_come_from_another_ca_by_name(run: Commands, graph: httpx.Client) -> None:
    command = ("profile", "create", "pkcs", "--platform", "android-fully-managed")
    graph.post("/_fauxtune/v1/tenants/contoso/digicert").raise_for_status()
    oid = "2.16.840.1.113733.1.16.1.2.3.1.1.47196109"
    (profile,) = run.json(*command, "--name", "DigiCert", "--template", oid, "--digicert")["profiles"]
    assert (profile["certificationAuthorityName"], profile["certificationAuthorityType"]) == ("Symantec", "digiCert")
    other = ("--ca-host", "ca.other.example", "--ca-name", "Other CA")
    (profile,) = run.json(*command, "--name", "Other", "--template", "Any", *other)["profiles"]
    assert (profile["certificationAuthority"], profile["certificateTemplateName"]) == ("ca.other.example", "Any")
    assert profile["certificationAuthorityType"] == "notConfigured"
    assert oid in run.refused(*command, "--name", "X", "--template", "User", "--digicert")
    assert "together" in run.refused(*command, "--name", "X", "--template", "User", *other[:2])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--san", "fax"), "--san is email, upn, or one of"),
        (("--san", "dns"), "--san is email, upn, or one of"),
        (("--validity", "1w"), "such as 90d, 6m or 1y; not '1w'"),
        (("--validity", "0d"), "not '0d'"),
        (("--renew", "100"), "renewalThresholdPercentage is 100"),
        (("--group", "Nobody"), "There is no group 'Nobody'. There are All Staff, SMIME Pilot"),
        (("--root", "Nothing"), "There is no such profile 'Nothing'"),
        (("--name", " "), "A profile needs a name"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_created(run: Commands, options: tuple[str, str], words: str) -> None:
    before = len(run.json("profile", "list"))
    command = ("profile", "create", "pkcs", "--name", "X", "--template", "User", "--platform", "ios")
    assert words in run.refused(*command, *options)
    assert len(run.json("profile", "list")) == before


def test_a_failure_midway_says_what_was_done(run: Commands) -> None:
    run.text("profile", "create", "root", "--name", "Below", "--platform", "android", "--authority", "issuing")
    above = ("--name", "Above", "--template", "User", "--platform", "android", "--root", "Below")
    run.text("profile", "create", "pkcs", *above)
    run.text("profile", "create", "root", "--name", "Apart", "--platform", "ios")
    words = run.refused("profile", "delete", "Apart", "Below")
    assert "rootCertificate" in words
    assert "Done before that: Apart." in words


def test_each_purpose_of_imported_certificates_has_a_profile_of_its_own(run: Commands) -> None:
    profiles = run.json(
        "profile", "create", "imported", "--name", "Mail", "--platform", "ios",
        "--purpose", "signing", "--purpose", "encryption",
    )["profiles"]  # fmt: skip
    purposes = {profile["displayName"]: profile["intendedPurpose"] for profile in profiles}
    assert purposes == {"Mail, signing": "smimeSigning", "Mail, encryption": "smimeEncryption"}
    words = run.refused("profile", "create", "imported", "--name", "X", "--platform", "aosp")
    assert "Android AOSP has no imported PFX certificate profile" in words


def test_an_account_refers_to_the_profiles_of_its_own_platform(run: Commands, graph: httpx.Client) -> None:
    for name, purpose in (("Sign", "signing"), ("Encrypt", "encryption")):
        run.text("profile", "create", "imported", "--name", name, "--purpose", purpose, "--platform", "all")
    profiles = run.json(
        "profile", "create", "email", "--name", "Post", "--mail-server", "mail.contoso.example", "--platform", "all",
        "--signing", "Sign", "--encryption", "Encrypt", "--application", "nine",
    )["profiles"]  # fmt: skip
    by_type = {profile["@odata.type"].rpartition(".")[2]: profile for profile in profiles}
    assert "androidWorkProfileNineWorkEasConfiguration" in by_type
    assert by_type["androidEasEmailProfileConfiguration"]["requireSmime"] is True
    account = by_type["iosEasEmailProfileConfiguration"]
    assert (account["smimeSigningEnabled"], account["smimeEncryptByDefaultEnabled"]) == (True, True)
    base = f"/beta/deviceManagement/deviceConfigurations/{account['id']}"
    for name, target in (("smimeSigningCertificate", "Sign (iOS)"), ("smimeEncryptionCertificate", "Encrypt (iOS)")):
        answer = graph.get(f"{base}/microsoft.graph.iosEasEmailProfileConfiguration/{name}")
        assert answer.json()["displayName"] == target


def test_assignments_stay_when_others_are_added_and_go_one_by_one(run: Commands, graph: httpx.Client) -> None:
    run.text("profile", "create", "imported", "--name", "Step", "--platform", "ios", "--platform", "macos")
    words = run.text("profile", "assign", "Step", "--platform", "all", "--group", STAFF)
    assert words.startswith(f"Assigned 2 profiles to the group {STAFF}:\n  Step (iOS)\n  Step (macOS)\n")
    run.text("profile", "assign", "Step (iOS)", "--all-devices", "--exclude-group", "smime pilot")
    assert assigned(graph, "Step (iOS)") == [
        "allDevicesAssignmentTarget", "exclusionGroupAssignmentTarget", "groupAssignmentTarget",
    ]  # fmt: skip
    assert "nothing on any device" in run.text("profile", "unassign", "Step (iOS)", "--everything", "--what-if")
    run.text("profile", "unassign", "Step (iOS)", "--group", STAFF)
    assert assigned(graph, "Step (iOS)") == ["allDevicesAssignmentTarget", "exclusionGroupAssignmentTarget"]
    assert f"Not assigned to the group {STAFF}" in run.refused("profile", "unassign", "Step (iOS)", "--group", STAFF)
    assert "Say which" in run.refused("profile", "unassign", "Step (iOS)")
    assert "Say to whom" in run.refused("profile", "assign", "Step (iOS)")
    run.json("profile", "unassign", "Step", "--platform", "all", "--everything")
    assert assigned(graph, "Step (iOS)") == []


def test_a_filter_narrows_an_assignment(run: Commands, graph: httpx.Client) -> None:
    body = {"displayName": "Pixels", "platform": "iOS", "rule": '(device.model -eq "iPhone")'}
    graph.post("/beta/deviceManagement/assignmentFilters", json=body).raise_for_status()
    created = run.json(
        "profile", "create", "imported", "--name", "Few", "--platform", "ios", "--all-users", "--filter", "pixels"
    )
    (assignment,) = created["profiles"][0]["assignments"]
    assert assignment["target"]["deviceAndAppManagementAssignmentFilterType"] == "include"
    both = ("--filter", "Pixels", "--exclude-filter", "Pixels")
    assert "one filter" in run.refused("profile", "assign", "Few", "--all-users", *both)


def test_a_name_of_several_profiles_lists_them_and_says_how_to_choose(run: Commands) -> None:
    run.text("profile", "create", "root", "--name", "Twin", "--platform", "ios", "--platform", "macos")
    words = run.refused("profile", "show", "Twin")
    assert "'Twin' fits 2 profiles" in words
    assert "Twin (iOS)  trusted root, iOS" in words
    assert "choose by --platform" in words
    assert "'Twin' has no profile for windows: it has ios, macos" in run.refused(
        "profile", "delete", "Twin", "--platform", "windows"
    )
    shown = run.json("profile", "show", "twin", "--platform", "ios")
    assert (shown["displayName"], shown["deviceStatuses"], shown["assignments"]) == ("Twin (iOS)", [], [])
    text = run.text("profile", "show", shown["id"][:8])
    assert re.search(r"certificate +CN=Contoso Issuing CA Root", text)
    assert "No device has reported it." in text


def test_profiles_are_listed_with_counts_and_deleted_by_name(run: Commands, graph: httpx.Client) -> None:
    run.text("profile", "create", "imported", "--name", "Gone", "--platform", "ios", "--platform", "windows")
    head, *lines = run.text("profile", "list").splitlines()
    assert head.split() == ["name", "kind", "for", "assigned", "to", "ok", "pending", "error", "n/a", "id"]
    (line,) = (line for line in lines if line.startswith("Gone (iOS)"))
    (gone,) = (row for row in run.json("profile", "list") if row["displayName"] == "Gone (iOS)")
    assert line.split() == ["Gone", "(iOS)", "imported", "ios", "-", "0", "0", "0", "0", gone["id"][:8]]
    assert max(map(len, lines)) <= 80
    assert {"assignments", "deviceStatusOverview"} <= set(run.json("profile", "list")[0])
    run.text("profile", "delete", "Gone", "--platform", "all", "--what-if")
    deleted = run.json("profile", "delete", "Gone", "--platform", "all")["deleted"]
    assert [each["displayName"] for each in deleted] == ["Gone (iOS)", "Gone (Windows)"]
    assert "There is no profile 'Gone'" in run.refused("profile", "delete", "Gone")


def test_a_request_is_shown_as_it_is_sent(run: Commands) -> None:
    command = ("profile", "create", "imported", "--name", 'It\'s "shown"', "--platform", "ios", "--show-request")
    errors = run.run(*command).errors
    assert "curl -sS -X POST https://localhost:" in errors
    assert '"displayName": "It\'\\\'\'s \\"shown\\""' in errors


def licensed(run: Commands) -> set[str]:
    """The users with a licence."""
    users = run.json("user", "list")
    return {user["userPrincipalName"].partition("@")[0] for user in users if user["assignedLicenses"]}


def test_users_are_created_with_a_licence_licensed_and_deleted(run: Commands, graph: httpx.Client) -> None:
    words = run.text("user", "create", "dora", "--display-name", "Dora Diaz", "--group", STAFF)
    assert words.splitlines()[0] == f"Created dora@contoso.example with a licence, a member of {STAFF}."
    assert "fauxtune-sim enroll --platform ios --user dora@contoso.example --state dora-phone" in words
    listed = {each["userPrincipalName"]: each for each in run.json("user", "list")}
    dora = listed["dora@contoso.example"]
    assert (dora["mail"], dora["devices"]) == ("dora@contoso.example", 0)
    assert [each["displayName"] for each in dora["memberOf"]] == [STAFF]
    assert "dora@contoso.example" in run.text("user", "list")
    run.text("user", "license", "dora", "--remove")
    assert licensed(run) == {"alice", "bob", "carol"}
    run.text("user", "license", "Dora Diaz")
    assert licensed(run) == {"alice", "bob", "carol", "dora"}
    bare = run.json("user", "create", "erik@contoso.example", "--no-license", "--given-name", "Erik", "--surname", "E")
    assert (bare["displayName"], bare["licensed"]) == ("Erik E", False)
    assert "already" in run.refused("user", "create", "erik")
    assert "nothing on any device" in run.text("user", "delete", "erik", "dora", "--what-if")
    assert run.text("user", "delete", "erik", "dora") == "Deleted erik@contoso.example, dora@contoso.example.\n"
    assert "There is no user 'dora'" in run.refused("user", "delete", "dora")


def test_groups_take_and_lose_members_of_every_kind(run: Commands) -> None:
    created = run.json("group", "create", "المبيعات", "--member", "alice")
    assert len(created["members"]) == 1
    run.text("group", "create", "Outer", "--description", "Holds another")
    assert run.text("group", "add", "Outer", "bob", "carol", "--group", "المبيعات").startswith(
        "Added bob@contoso.example, carol@contoso.example, المبيعات to Outer."
    )
    assert run.json("group", "remove", "outer", "carol")["removed"][0]["name"] == "carol@contoso.example"
    (outer,) = (each for each in run.json("group", "list") if each["displayName"] == "Outer")
    assert sorted(member["displayName"] for member in outer["members"]) == ["Bob Brown", "المبيعات"]
    assert "Outer" in run.text("group", "list")
    assert "Say whom" in run.refused("group", "add", "Outer")
    assert "There is no user 'nobody'" in run.refused("group", "add", "Outer", "nobody")
    assert run.text("group", "delete", "Outer") == "Deleted the group Outer.\n"
    assert "There is no group 'Outer'" in run.refused("group", "delete", "Outer")


HELP = """
profile, profile list, profile show, profile assign, profile unassign, profile delete, profile create,
profile create root, profile create pkcs, profile create scep, profile create imported, profile create email,
user, user list, user create, user license, user delete,
group, group list, group create, group add, group remove, group delete
"""


@pytest.mark.parametrize("command", [part.strip() for part in HELP.split(",")])
def test_help_has_an_example_and_fits_on_a_page_of_80_columns(command: str, tmp_path: Path) -> None:
    text, _, _ = Commands(tmp_path).text(*command.split(), "--help").partition("\nOptions:")
    assert f"\n  fauxtune {command}" in text
    assert max(map(len, text.splitlines())) <= 80
