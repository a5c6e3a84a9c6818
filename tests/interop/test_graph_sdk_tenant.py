"""What belongs to a tenant as a whole, through Microsoft's SDKs: imports, connectors, tags, the audit log, states."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from kiota_abstractions.api_error import APIError

from tests.interop.pfx import import_of
from tests.interop.sdk import WARNINGS, Sdk, ServedTenant, asking, both, everything, names, refusal

pytestmark = WARNINGS


@pytest.fixture
async def beta(served_tenant: ServedTenant) -> AsyncIterator[Sdk]:
    """Beta alone knows imports, connectors and tags."""
    async with both("beta", served_tenant) as opened:
        yield opened


async def ids(sdk: Sdk, builder: Any, **options: Any) -> list[str]:
    return [each.id for each in await everything(sdk.graph, await builder.get(asking(builder, **options)))]


async def test_imports_are_made_found_changed_counted_and_deleted(
    beta: Sdk, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    certificates, alice = beta.graph.device_management.user_pfx_certificates, beta.served_tenant.upn("alice")
    upns = (alice, alice, beta.served_tenant.upn("bob"))
    sent = [import_of(beta.served_tenant, upn, key=key) for upn, key in zip(upns, raw_rsa_keys, strict=False)]
    results = [await certificates.post(each) for each in sent]
    assert [result.thumbprint for result in results] == [each.thumbprint for each in sent]
    assert {(result.encrypted_pfx_blob, result.encrypted_pfx_password) for result in results} == {(b"\0", "")}
    assert results[0].start_date_time == sent[0].start_date_time
    assert await certificates.count.get() == 3
    assert sorted(await ids(beta, certificates, top=1)) == sorted(result.id for result in results)
    hers = f"tolower(userPrincipalName) eq '{alice}'"
    assert len(await ids(beta, certificates, filter=hers)) == 2
    first = f"{hers} and tolower(thumbprint) eq '{sent[0].thumbprint}'"
    assert await ids(beta, certificates, filter=first) == [results[0].id]

    one = certificates.by_user_p_f_x_certificate_id(results[0].id)
    kind, purposes = beta.model("UserPFXCertificate"), beta.model("UserPfxIntendedPurpose")
    changed = await one.patch(kind(intended_purpose=purposes.SmimeSigning))
    assert (changed.intended_purpose, changed.thumbprint) == (purposes.SmimeSigning, results[0].thumbprint)
    assert (await one.get()).last_modified_date_time >= results[0].created_date_time
    with pytest.raises(APIError) as taken:
        await certificates.post(sent[1])
    assert refusal(taken.value) == (409, "Conflict")
    for result in results:
        await certificates.by_user_p_f_x_certificate_id(result.id).delete()
    with pytest.raises(APIError) as gone:
        await one.delete()
    assert refusal(gone.value) == (404, "ResourceNotFound")
    assert await certificates.count.get() == 0


async def test_a_time_without_a_zone_is_utc(beta: Sdk, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    certificates = beta.graph.device_management.user_pfx_certificates
    sent = import_of(beta.served_tenant, beta.served_tenant.upn("carol"), key=raw_rsa_keys[3])
    aware: datetime = sent.start_date_time
    sent.start_date_time, sent.expiration_date_time = (
        aware.replace(tzinfo=None),
        sent.expiration_date_time.replace(tzinfo=None),
    )
    answer = await certificates.post(sent)
    assert answer.start_date_time == aware
    await certificates.by_user_p_f_x_certificate_id(answer.id).delete()


async def test_what_is_wrong_with_an_import_is_said(beta: Sdk, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    certificates = beta.graph.device_management.user_pfx_certificates
    changes: tuple[dict[str, Any], ...] = (
        {"user_principal_name": beta.served_tenant.upn("nobody")},
        {"encrypted_pfx_blob": b"no file"},
        {"encrypted_pfx_password": base64.b64encode(b"sealed for nobody").decode()},
        {"thumbprint": "not a hash"},
    )
    for change in changes:
        sent = import_of(beta.served_tenant, beta.served_tenant.upn("alice"), key=raw_rsa_keys[4])
        for name, value in change.items():
            setattr(sent, name, value)
        with pytest.raises(APIError) as refused:
            await certificates.post(sent)
        assert refusal(refused.value)[0] == 400, change
    assert await certificates.count.get() == 0


async def test_connectors_are_listed(beta: Sdk) -> None:
    management = beta.graph.device_management
    connector, *_others = (await management.ndes_connectors.get()).value
    one = management.ndes_connectors.by_ndes_connector_id(connector.id)
    assert (await one.get()).machine_name == connector.machine_name
    assert connector.state.value in {"active", "inactive"}
    details, *_others = (await management.certificate_connector_details.get()).value
    same = management.certificate_connector_details.by_certificate_connector_details_id(details.id)
    assert (await same.get()).connector_version == details.connector_version


async def test_the_states_of_certificates_are_empty_at_first(beta: Sdk) -> None:
    states = beta.graph.device_management.device_configurations_all_managed_device_certificate_states
    assert (await states.get()).value == []
    assert await states.count.get() == 0


async def test_scope_tags_live_and_mark_profiles(beta: Sdk) -> None:
    tags, kind = beta.graph.device_management.role_scope_tags, beta.model("RoleScopeTag")
    answer = await tags.post(kind(display_name="North", description="Above the line"))
    one = tags.by_role_scope_tag_id(answer.id)
    assert names((await tags.get(asking(tags, filter="displayName eq 'North'"))).value) == ["North"]
    assert (await one.patch(kind(description="Up there"))).description == "Up there"
    profiles = beta.graph.device_management.device_configurations
    tagged = await profiles.post(beta.model("IosCustomConfiguration")(display_name="x", role_scope_tag_ids=[answer.id]))
    assert tagged.role_scope_tag_ids == [answer.id]
    await profiles.by_device_configuration_id(tagged.id).delete()
    await one.delete()
    with pytest.raises(APIError) as gone:
        await one.get()
    assert refusal(gone.value) == (404, "ResourceNotFound")


async def test_what_administrators_did_is_in_the_audit_log(sdk: Sdk) -> None:
    management = sdk.graph.device_management
    name = f"Audited by {sdk.package.__name__}"
    answer = await management.device_configurations.post(sdk.model("IosCustomConfiguration")(display_name=name))
    await management.device_configurations.by_device_configuration_id(answer.id).delete()
    events = management.audit_events
    graph = await everything(sdk.graph, await events.get(asking(events, top=10, orderby=["activityDateTime desc"])))
    mine = [each for each in graph if answer.id in {resource.resource_id for resource in each.resources}]
    assert {each.activity_operation_type for each in mine} == {"Create", "Delete"}
    assert {each.actor.application_id for each in mine} == {sdk.served_tenant.client_id}
    assert (await events.by_audit_event_id(mine[0].id).get()).id == mine[0].id
    assert "DeviceConfiguration" in (await events.get_audit_categories.get()).value
