"""Documents that older versions exported get what the tables have got since, as migrations would have done it."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from fauxtune.core.errors import DocumentRefused
from fauxtune.operations.tenants.importing import import_tenant
from fauxtune.operations.tenants.state_document import export_tenant
from tests.support.tenant import Contoso

Json = dict[str, Any]
GUID = "11111111-1111-4111-8111-111111111111"
#: data. Revision of the tables -> what it added to the rows of a tenant: tables, and columns of a table.
ADDED: dict[str, tuple[str, ...]] = {
    "0024": ("fault_rules",),
    "0026": ("partner_revocations", "scep_challenges"),
    "0027": ("scep_challenges.fingerprint",),
    "0028": ("ra_certificates", "scep_requests"),
    "0030": ("applications.registration",),
    "0032": ("resources",),
    "0033": ("compliance_states", "device_compliance"),
    "0035": ("escrowed_secrets",),
    "0036": ("app_states",),
    "0038": ("script_runs",),
    "0039": ("app_states.position", "app_states.content", "app_states.attempted"),
    "0040": ("lab_runs",),
    "0045": ("app_states.attempts",),
    "0047": ("scep_certificates",),
}


async def exported(contoso: Contoso) -> Json:
    document: Json = orjson.loads(await export_tenant(contoso.emulator, contoso.tenant, with_keys=True))
    return document


async def imported(contoso: Contoso, document: Json) -> None:
    await import_tenant(contoso.emulator, contoso.tenant.id, content=orjson.dumps(document))


async def refused(contoso: Contoso, document: Json) -> dict[str, str]:
    """The mistakes of a document, by place."""
    with pytest.raises(DocumentRefused) as mistakes:
        await imported(contoso, document)
    return dict(mistakes.value.mistakes)


def of(document: Json, revision: str) -> Json:
    """The document as a version with older tables exported it."""
    result = copy.deepcopy(document) | {"revision": revision}
    for names in (added for later, added in ADDED.items() if later > revision):
        for table, _, column in (name.partition(".") for name in names):
            if not column:
                result["tables"].pop(table)
                result["encodings"].pop(table, None)
            for row in result["tables"].get(table, []):
                row.pop(column, None)
    return result


@pytest.mark.parametrize("revision", ["0023", "0026", "0036", "0044", "0046"])
async def test_a_document_that_an_older_version_exported_is_imported(contoso: Contoso, revision: str) -> None:
    await contoso.import_pfx("alice")
    phone = await contoso.enroll("alice")
    await phone.settle()
    document = await exported(contoso)
    device, time = phone.enrollment_id, document["tenant"]["created_at"]
    app = {"enrollment_id": device, "app_id": GUID, "identifier": "a", "intent": "required", "state": "installed"}
    challenge = {"id": "c", "enrollment_id": device, "profile_id": GUID, "created_at": time, "expires_at": time}
    reported = {"thumbprint": "AB"}
    document["tables"]["app_states"] = [{**app, "changed_at": time, "attempts": 0}]
    document["tables"]["scep_challenges"] = [{**challenge, "state": "issued", "outcome": reported}]
    old = of(document, revision)
    assert len(old["tables"]) == len(document["tables"]) - sum(
        "." not in name for later, names in ADDED.items() if later > revision for name in names
    )
    await imported(contoso, old)
    after = await exported(contoso)
    assert after["revision"] == document["revision"]
    for name, rows in document["tables"].items():
        if name not in {"journal", "scep_certificates"}:
            assert after["tables"][name] == (rows if name in old["tables"] else []), name
    certificate = {"challenge_id": "c", "thumbprint": "ab", "enrollment_id": device, "profile_id": GUID}
    expected = [{**certificate, "report": reported, "reported_at": time}]
    assert after["tables"]["scep_certificates"] == (expected if revision > "0025" else [])


@pytest.mark.parametrize("revision", ["0022", "0046x", "9999"])
async def test_a_document_of_tables_that_nobody_knows_is_refused(contoso: Contoso, revision: str) -> None:
    mistakes = await refused(contoso, of(await exported(contoso), revision))
    assert "reads those of 0023 to " in mistakes["/revision"]


async def test_a_mistake_in_an_older_document_is_named_too(contoso: Contoso) -> None:
    document = of(await exported(contoso), "0040")
    document["tables"] |= {"users": 5, "scep_challenges": [7, {"state": "issued", "outcome": 1}], "seven": []}
    document["encodings"]["profiles"] = {"payload": "hex"}
    mistakes = await refused(contoso, document)
    assert "must be as in an export" in mistakes["/encodings"]
    del document["encodings"]["profiles"]
    mistakes = await refused(contoso, document)
    assert {"/tables/users", "/tables/scep_challenges/0", "/tables/seven"} <= mistakes.keys()
