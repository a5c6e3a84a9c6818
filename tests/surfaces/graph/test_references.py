"""References between profiles: binding in every form, reading, expanding, clearing, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from fauxtune.operations.runtime.emulator import Emulator
from tests.support.graph import ABSENT, PROFILES, create, error_code, error_message, ids

Json = dict[str, Any]
GRAPH = "https://graph.microsoft.com/beta/deviceManagement/deviceConfigurations"
WORK_ROOT = "androidWorkProfileTrustedRootCertificate"
WORK_PKCS = "androidWorkProfilePkcsCertificateProfile"
GMAIL, IOS_MAIL = "androidWorkProfileGmailEasConfiguration", "iosEasEmailProfileConfiguration"
CA: Json = {
    "certificationAuthority": "ca.contoso.example",
    "certificationAuthorityName": "Contoso Issuing CA",
    "certificateTemplateName": "SmimeSigning",
}
EVERYWHERE = {"assignments": [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]}


async def a(beta: httpx.AsyncClient, kind: str, **body: Any) -> Json:
    return await create(beta, PROFILES, **{"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **body})


async def a_root(beta: httpx.AsyncClient, root_file: str, kind: str = WORK_ROOT) -> str:
    return str((await a(beta, kind, trustedRootCertificate=root_file))["id"])


async def bound(beta: httpx.AsyncClient, profile: str, navigation: str = "rootCertificate") -> str | None:
    """The id of what the profile refers to."""
    answer = await beta.get(f"{PROFILES}/{profile}/{navigation}")
    if answer.status_code == 404:
        assert error_code(answer) == "ResourceNotFound"
        return None
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


FORMS = {
    "any host, quoted key": {"rootCertificate@odata.bind": "https://graph.microsoft.com/beta/x/y('{id}')"},
    "our host": {
        "rootCertificate@odata.bind": "https://localhost:8443/beta/deviceManagement/deviceConfigurations/{id}"
    },
    "relative": {"rootCertificate@odata.bind": "deviceManagement/deviceConfigurations('{id}')"},
    "absolute path": {"rootCertificate@odata.bind": "/deviceManagement/deviceConfigurations/{id}"},
    "encoded": {"rootCertificate@odata.bind": f"{GRAPH}%28%27{{id}}%27%29"},
    "a list of one": {"rootCertificate@odata.bind": [f"{GRAPH}/{{id}}"]},
    "what the SDK sends": {"rootCertificate": {"@odata.type": f"#microsoft.graph.{WORK_ROOT}", "id": "{id}"}},
    "nested with its address": {"rootCertificate": {"@odata.id": f"{GRAPH}('{{id}}')"}},
}


def filled(form: Any, root: str) -> Any:
    if isinstance(form, dict):
        return {name: filled(value, root) for name, value in form.items()}
    if isinstance(form, list):
        return [filled(each, root) for each in form]
    return form.replace("{id}", root)


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
async def test_every_form_binds_when_made_and_when_changed(beta: httpx.AsyncClient, root_file: str, form: Json) -> None:
    first, second = [await a_root(beta, root_file) for _ in range(2)]
    profile = await a(beta, WORK_PKCS, **CA, **filled(form, first))
    assert not [name for name in profile if name.startswith("rootCertificate")]
    assert await bound(beta, profile["id"]) == first
    changed = await beta.patch(f"{PROFILES}/{profile['id']}", json=filled(form, second.upper()))
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert not [name for name in changed.json() if name.startswith("rootCertificate")]
    assert await bound(beta, profile["id"]) == second


@pytest.mark.parametrize(
    "clearing",
    [{"rootCertificate@odata.bind": None}, {"rootCertificate@odata.bind": []}, {"rootCertificate": None}],
)
async def test_null_clears_and_what_is_left_out_stays(beta: httpx.AsyncClient, root_file: str, clearing: Json) -> None:
    root = await a_root(beta, root_file)
    profile = await a(beta, WORK_PKCS, **CA, **{"rootCertificate@odata.bind": f"{GRAPH}('{root}')"})
    await beta.patch(f"{PROFILES}/{profile['id']}", json={"description": "new"})
    assert await bound(beta, profile["id"]) == root
    assert (await beta.patch(f"{PROFILES}/{profile['id']}", json=clearing)).status_code == 200
    assert await bound(beta, profile["id"]) is None


@pytest.mark.parametrize("cast", ["", f"/microsoft.graph.{WORK_PKCS}", "/microsoft.graph.deviceConfiguration"])
async def test_the_reference_itself_is_set_read_and_cleared_by_cast_and_plain_paths(
    beta: httpx.AsyncClient, root_file: str, cast: str
) -> None:
    root, profile = await a_root(beta, root_file), await a(beta, WORK_PKCS, **CA)
    path = f"{PROFILES}/{profile['id']}{cast}/rootCertificate"
    assert [(await beta.get(f"{path}{tail}")).status_code for tail in ("", "/$ref")] == [404, 404]
    assert (await beta.delete(f"{path}/$ref")).status_code == 404
    put = await beta.put(f"{path}/$ref", json={"@odata.id": f"{GRAPH}('{root}')"})
    assert (put.status_code, put.content) == (204, b"")
    document = (await beta.get(path)).json()
    assert (document["id"], document["@odata.type"]) == (root, f"#microsoft.graph.{WORK_ROOT}")
    assert document["@odata.context"].endswith(
        f"('{profile['id']}')/microsoft.graph.{WORK_PKCS}/rootCertificate/$entity"
    )
    selected = (await beta.get(path, params={"$select": "displayName"})).json()
    assert set(selected) == {"@odata.context", "@odata.type", "id", "displayName"}
    reference = (await beta.get(f"{path}/$ref")).json()
    assert reference["@odata.id"] == f"https://localhost:8443/beta{PROFILES}('{root}')"
    assert (await beta.get(f"{PROFILES}/{profile['id']}")).json()["version"] == 2
    gone = await beta.delete(f"{path}/$ref")
    assert (gone.status_code, gone.content) == (204, b"")
    assert await bound(beta, profile["id"]) is None


async def test_a_reference_leads_nowhere_by_another_types_path(beta: httpx.AsyncClient, root_file: str) -> None:
    root, profile = await a_root(beta, root_file), await a(beta, WORK_PKCS, **CA)
    path = f"{PROFILES}/{profile['id']}"
    other = f"{path}/microsoft.graph.{IOS_MAIL}/rootCertificate/$ref"
    wrong = await beta.put(other, json={"@odata.id": f"{GRAPH}('{root}')"})
    assert (wrong.status_code, error_code(wrong)) == (404, "ResourceNotFound")
    for method, tail in (("GET", ""), ("GET", "/$ref"), ("DELETE", "/$ref")):
        none = await beta.request(method, f"{path}/identityCertificate{tail}")
        assert (none.status_code, "segment 'identityCertificate'" in error_message(none)) == (400, True)
    absent = await beta.get(f"{PROFILES}/{ABSENT}/rootCertificate")
    assert (absent.status_code, error_code(absent)) == (404, "ResourceNotFound")


async def test_v1_knows_no_references(beta: httpx.AsyncClient, v1: httpx.AsyncClient, root_file: str) -> None:
    profile = await a(
        beta, WORK_PKCS, **CA, **{"rootCertificate@odata.bind": f"{GRAPH}('{await a_root(beta, root_file)}')"}
    )
    for path in (f"{PROFILES}/{profile['id']}/rootCertificate", f"{PROFILES}?$expand=rootCertificate"):
        answer = await v1.get(path)
        assert (answer.status_code, error_code(answer)) == (400, "BadRequest")


# ------------------------------------------------------------------------------------------------------------ refusals


async def everything(beta: httpx.AsyncClient, root_file: str) -> dict[str, str]:
    """One profile of each kind that somebody could try to refer to; their ids by kind."""
    by_key = {kind: await a_root(beta, root_file, kind) for kind in (WORK_ROOT, "iosTrustedRootCertificate")}
    ios_pkcs, android = "iosPkcsCertificateProfile", "androidPkcsCertificateProfile"
    for kind in (WORK_PKCS, ios_pkcs, "macOSPkcsCertificateProfile", android):
        by_key[kind] = (await a(beta, kind, **CA))["id"]
    for kind in ("iosImportedPFXCertificateProfile", "androidForWorkImportedPFXCertificateProfile"):
        by_key[kind] = (await a(beta, kind, intendedPurpose="smimeEncryption"))["id"]
    return by_key


REFUSED = [
    (WORK_PKCS, "rootCertificate", "iosTrustedRootCertificate"),
    (WORK_PKCS, "rootCertificate", WORK_PKCS),
    (GMAIL, "identityCertificate", "iosPkcsCertificateProfile"),
    (GMAIL, "identityCertificate", "androidForWorkImportedPFXCertificateProfile"),
    (IOS_MAIL, "identityCertificate", "iosImportedPFXCertificateProfile"),
    (IOS_MAIL, "smimeSigningCertificate", "macOSPkcsCertificateProfile"),
    (IOS_MAIL, "smimeEncryptionCertificate", "iosTrustedRootCertificate"),
    ("androidEasEmailProfileConfiguration", "smimeSigningCertificate", "androidForWorkImportedPFXCertificateProfile"),
]


async def test_what_does_not_fit_is_refused_by_name_and_changes_nothing(
    beta: httpx.AsyncClient, root_file: str
) -> None:
    targets = await everything(beta, root_file)
    needed: dict[str, Json] = {WORK_PKCS: CA}
    for owner, navigation, target in REFUSED:
        body = needed.get(owner, {"hostName": "mail.contoso.example", "accountName": "mail"})
        if owner == GMAIL:
            body = {"hostName": "mail.contoso.example"}
        reference = {f"{navigation}@odata.bind": f"{GRAPH}('{targets[target]}')"}
        before = await ids(beta, PROFILES)
        full = {"@odata.type": f"#microsoft.graph.{owner}", "displayName": "x", **body}
        refused = await beta.post(PROFILES, json={**full, **reference})
        assert (refused.status_code, error_code(refused)) == (400, "BadRequest"), (owner, target)
        assert navigation in error_message(refused)
        assert target in error_message(refused)
        assert await ids(beta, PROFILES) == before
        profile = await create(beta, PROFILES, **full)
        path = f"{PROFILES}/{profile['id']}"
        for answer in (
            await beta.patch(path, json={"description": "new", **reference}),
            await beta.put(f"{path}/{navigation}/$ref", json={"@odata.id": f"{GRAPH}('{targets[target]}')"}),
        ):
            assert (answer.status_code, navigation in error_message(answer)) == (400, True), (owner, target)
        assert (await beta.get(path)).json() == profile


@pytest.mark.parametrize(
    "body",
    [
        {"rootCertificate@odata.bind": f"{GRAPH}('{ABSENT}')"},
        {"rootCertificate@odata.bind": ""},
        {"rootCertificate@odata.bind": "root"},
        {"rootCertificate@odata.bind": 7},
        {"rootCertificate@odata.bind": {"id": ABSENT}},
        {"rootCertificate@odata.bind": [f"{GRAPH}('{ABSENT}')", f"{GRAPH}('{ABSENT}')"]},
        {"rootCertificate@odata.bind": f"{GRAPH}('{'x' * 100_000}')"},
        {"rootCertificate": {}},
        {"rootCertificate": {"id": 7}},
        {"rootCertificate": "root"},
        {"identityCertificate@odata.bind": f"{GRAPH}('{ABSENT}')"},
        {"assignments@odata.bind": [f"{GRAPH}('{ABSENT}')"]},
    ],
)
async def test_what_is_no_reference_is_refused(beta: httpx.AsyncClient, body: Json) -> None:
    (name,) = (key.partition("@")[0] for key in body)
    answer = await beta.post(
        PROFILES, json={"@odata.type": f"#microsoft.graph.{WORK_PKCS}", "displayName": "x", **CA, **body}
    )
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest"), answer.text
    assert name in error_message(answer)
    assert await ids(beta, PROFILES) == []


@pytest.mark.parametrize("body", [{}, {"@odata.id": None}, {"@odata.id": 7}, {"@odata.id": "root"}, {"id": ABSENT}])
async def test_a_put_without_a_reference_is_refused(beta: httpx.AsyncClient, body: Json) -> None:
    profile = await a(beta, WORK_PKCS, **CA)
    answer = await beta.put(f"{PROFILES}/{profile['id']}/rootCertificate/$ref", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert await bound(beta, profile["id"]) is None


async def test_a_derived_credential_can_be_read_as_nothing_and_not_be_set(beta: httpx.AsyncClient) -> None:
    profile = await a(beta, IOS_MAIL, hostName="mail.contoso.example")
    path = f"{PROFILES}/{profile['id']}/derivedCredentialSettings"
    assert (await beta.get(path)).status_code == 404
    put = await beta.put(f"{path}/$ref", json={"@odata.id": f"https://x/derivedCredentials('{ABSENT}')"})
    assert (put.status_code, error_code(put)) == (501, "NotImplemented")


async def test_a_profile_that_others_refer_to_is_not_deleted_before_them(
    beta: httpx.AsyncClient, root_file: str
) -> None:
    root = await a_root(beta, root_file)
    bind = {"rootCertificate@odata.bind": f"{GRAPH}('{root}')"}
    first, second = [await a(beta, WORK_PKCS, displayName=name, **CA, **bind) for name in ("First", "Second")]
    refused = await beta.delete(f"{PROFILES}/{root}")
    assert (refused.status_code, error_code(refused)) == (400, "BadRequest")
    assert all(f"'{name}' (rootCertificate)" in error_message(refused) for name in ("First", "Second"))
    assert (await beta.delete(f"{PROFILES}/{first['id']}/rootCertificate/$ref")).status_code == 204
    assert (await beta.delete(f"{PROFILES}/{root}")).status_code == 400
    assert (await beta.delete(f"{PROFILES}/{second['id']}")).status_code == 204
    assert (await beta.delete(f"{PROFILES}/{root}")).status_code == 204


async def test_of_many_who_refer_to_a_profile_some_are_named(beta: httpx.AsyncClient, root_file: str) -> None:
    root = await a_root(beta, root_file)
    for number in range(7):
        bind = {"rootCertificate@odata.bind": f"{GRAPH}('{root}')"}
        await a(beta, WORK_PKCS, displayName=f"Number {number}", **CA, **bind)
    refused = await beta.delete(f"{PROFILES}/{root}")
    assert (refused.status_code, error_message(refused).count("'Number"), "and others" in error_message(refused)) == (
        400,
        5,
        True,
    )


# ------------------------------------------------------------------------------------------------------------- expand


async def ios_mail(beta: httpx.AsyncClient) -> tuple[Json, dict[str, str]]:
    """An iOS e-mail profile with all of its certificates; their ids by navigation."""
    own = (await a(beta, "iosPkcsCertificateProfile", **CA))["id"]
    imported = (await a(beta, "iosImportedPFXCertificateProfile", intendedPurpose="smimeEncryption"))["id"]
    targets = {
        "identityCertificate": own,
        "smimeSigningCertificate": own,
        "smimeEncryptionCertificate": imported,
    }
    binds = {f"{name}@odata.bind": f"{GRAPH}('{target}')" for name, target in targets.items()}
    return await a(beta, IOS_MAIL, hostName="mail.contoso.example", **binds), targets


async def test_an_ios_mail_profile_is_made_changed_read_and_expanded_whole(beta: httpx.AsyncClient) -> None:
    mail, targets = await ios_mail(beta)
    path = f"{PROFILES}/{mail['id']}"
    assert not [name for name in mail if "ertificate@" in name or name in targets]
    assert {name: await bound(beta, mail["id"], name) for name in targets} == targets
    casts = ",".join(f"microsoft.graph.{IOS_MAIL}/{name}" for name in targets)
    for expand in (casts, ",".join(targets), f"{casts},derivedCredentialSettings,assignments($select=id)"):
        document = (await beta.get(path, params={"$expand": expand})).json()
        assert {name: document[name]["id"] for name in targets} == targets
        assert document["smimeEncryptionCertificate"]["@odata.type"].endswith("iosImportedPFXCertificateProfile")
        assert document.get("assignments", []) == []
        assert document.get("derivedCredentialSettings") is None
    again = await beta.patch(path, json={**document, "smimeSigningEnabled": True})
    assert (again.status_code, again.json()["smimeSigningEnabled"]) == (200, True), "what was read can be sent back"
    cleared = await beta.patch(path, json={"smimeSigningCertificate@odata.bind": None})
    assert cleared.status_code == 200
    assert (await beta.get(path, params={"$expand": "smimeSigningCertificate"})).json()[
        "smimeSigningCertificate"
    ] is None
    assert await bound(beta, mail["id"], "identityCertificate") == targets["identityCertificate"]


async def test_select_works_outside_and_inside_of_expand(beta: httpx.AsyncClient) -> None:
    mail, targets = await ios_mail(beta)
    query = {
        "$select": "displayName",
        "$expand": "identityCertificate($select=displayName,version),assignments($select=source)",
    }
    await beta.post(f"{PROFILES}/{mail['id']}/assign", json=EVERYWHERE)
    document = (await beta.get(f"{PROFILES}/{mail['id']}", params=query)).json()
    assert {name for name in document if "@" not in name} == {"id", "displayName", "identityCertificate", "assignments"}
    assert document["identityCertificate"] == {
        "@odata.type": "#microsoft.graph.iosPkcsCertificateProfile",
        "id": targets["identityCertificate"],
        "displayName": "iosPkcsCertificateProfile",
        "version": 1,
    }
    assert document["assignments"] == [{"id": document["assignments"][0]["id"], "source": "direct"}]


@pytest.mark.parametrize(
    "expand",
    [
        "rootCertificate",
        "frobnicate",
        f"microsoft.graph.{GMAIL}/rootCertificate",
        "microsoft.graph.frobnicate/rootCertificate",
        "identityCertificate($select=frobnicate)",
        "identityCertificate($filter=id eq 'x')",
        "identityCertificate(",
    ],
)
async def test_an_expand_of_what_is_not_there_is_refused(beta: httpx.AsyncClient, expand: str) -> None:
    mail, _targets = await ios_mail(beta)
    answer = await beta.get(f"{PROFILES}/{mail['id']}", params={"$expand": expand})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest"), answer.text


async def test_a_cast_to_another_type_adds_nothing(beta: httpx.AsyncClient) -> None:
    mail, _targets = await ios_mail(beta)
    expand = f"microsoft.graph.{WORK_PKCS}/rootCertificate"
    document = (await beta.get(f"{PROFILES}/{mail['id']}", params={"$expand": expand})).json()
    assert "rootCertificate" not in document


@contextmanager
def counted(emulator: Emulator) -> Iterator[list[str]]:
    """The statements that ran meanwhile."""
    results: list[str] = []

    def listen(*args: Any) -> None:
        results.append(args[2])

    event.listen(emulator.runner.database.engine, "before_cursor_execute", listen)
    yield results
    event.remove(emulator.runner.database.engine, "before_cursor_execute", listen)


async def test_a_page_is_expanded_with_one_statement_for_each_kind_of_thing(
    beta: httpx.AsyncClient, emulator: Emulator, root_file: str
) -> None:
    roots = {}
    for _ in range(3):
        root = await a_root(beta, root_file)
        profile = await a(beta, WORK_PKCS, **CA, **{"rootCertificate@odata.bind": f"{GRAPH}('{root}')"})
        roots[profile["id"]] = root
        await beta.post(f"{PROFILES}/{profile['id']}/assign", json=EVERYWHERE)
    mail, targets = await ios_mail(beta)
    sizes = []
    for top in (2, 100):
        with counted(emulator) as said:
            query = {"$expand": "assignments,rootCertificate,smimeSigningCertificate", "$top": str(top)}
            page = (await beta.get(PROFILES, params=query)).json()["value"]
        sizes.append(len([each for each in said if each.lstrip().upper().startswith("SELECT")]))
    # The page, the assignments, and what is referred to, if anything on the page refers to something.
    assert sizes[0] <= sizes[1] == 3, said
    by_id = {each["id"]: each for each in page}
    assert {key: each["rootCertificate"]["id"] for key, each in by_id.items() if key in roots} == roots
    assert by_id[mail["id"]]["smimeSigningCertificate"]["id"] == targets["smimeSigningCertificate"]
    assert "rootCertificate" not in by_id[mail["id"]]
    assert {key: len(each["assignments"]) for key, each in by_id.items()} == {key: key in roots for key in by_id}
    only = {
        "$expand": f"microsoft.graph.{WORK_PKCS}/rootCertificate",
        "$filter": f"isof('microsoft.graph.{WORK_PKCS}')",
    }
    filtered = (await beta.get(PROFILES, params=only)).json()["value"]
    assert {each["id"]: each["rootCertificate"]["id"] for each in filtered} == roots
