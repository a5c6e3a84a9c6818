"""Profiles of every kind as typed objects of Microsoft's SDKs: made, read back, changed, listed, counted, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kiota_abstractions.api_error import APIError

from tests.interop.sdk import WARNINGS, Sdk, ServedTenant, asking, both, everything, names, refusal
from tests.interop.sdk_documents import typed, written

pytestmark = WARNINGS

SAMPLES = {file.stem: file.read_bytes() for file in (Path(__file__).parents[1] / "profiles" / "samples").glob("*.json")}


async def test_every_kind_comes_back_as_it_was_sent(sdk: Sdk) -> None:
    profiles = sdk.graph.device_management.device_configurations
    base = sdk.model("DeviceConfiguration")
    kinds = {name: typed(sdk, "DeviceConfiguration", document=sample) for name, sample in SAMPLES.items()}
    known = {name: profile for name, profile in kinds.items() if type(profile) is not base}
    assert len(known) >= (60 if sdk.beta else 20)
    for name, profile in known.items():
        answer = await profiles.post(profile)
        assert type(answer) is type(profile)
        sent, got = written(profile), written(answer)
        assert {key: got.get(key) for key in sent} == sent, name
        one = profiles.by_device_configuration_id(answer.id)
        changed = await one.patch(type(profile)(display_name=f"A {name}"))
        assert (changed.display_name, changed.version) == (f"A {name}", answer.version + 1)
        assert changed.created_date_time == answer.created_date_time <= changed.last_modified_date_time
        await one.delete()
    assert await profiles.count.get() == 0


async def test_several_flags_go_beside_the_properties(served_tenant: ServedTenant) -> None:
    async with both("beta", served_tenant) as sdk:
        profiles = sdk.graph.device_management.device_configurations
        usage = sdk.model("KeyUsages")
        kind = sdk.model("IosScepCertificateProfile")
        profile = kind(
            display_name="Signing",
            scep_server_urls=["https://ndes.contoso.example/certsrv/mscep/mscep.dll"],
            key_size=sdk.model("KeySize").Size2048,
            additional_data={"keyUsage": "digitalSignature,keyEncipherment"},
        )
        one = profiles.by_device_configuration_id((await profiles.post(profile)).id)
        assert (await one.get()).key_usage == [usage.KeyEncipherment, usage.DigitalSignature]
        # What is read and sent back lacks them, and they stay.
        whole = await one.get()
        whole.description = "changed"
        assert (await one.patch(whole)).key_usage == [usage.KeyEncipherment, usage.DigitalSignature]
        await one.patch(kind(key_usage=usage.DigitalSignature))
        assert (await one.get()).key_usage == [usage.DigitalSignature]
        await one.delete()


async def test_what_was_read_and_emptied_is_cleared(sdk: Sdk) -> None:
    profiles, kind = sdk.graph.device_management.device_configurations, sdk.model("IosCustomConfiguration")
    answer = await profiles.post(kind(display_name="Emptied", description="Old", payload_name="Name"))
    one = profiles.by_device_configuration_id(answer.id)
    # The SDK notices that a property became nothing, and sends null. (It spells names of several words wrongly.)
    answer.description = None
    assert (await one.patch(answer)).description is None
    # One that was never set is not sent at all; null beside the properties always is.
    await one.patch(kind(additional_data={"payloadName": None}))
    result = await one.get()
    assert (result.payload_name, result.display_name, result.description) == (None, "Emptied", None)
    await one.delete()


async def test_profiles_are_filtered_sorted_paged_and_counted(sdk: Sdk) -> None:
    profiles = sdk.graph.device_management.device_configurations
    kinds = ("iosCustomConfiguration", "macOSCustomConfiguration", "windows10GeneralConfiguration")
    results = []
    for number, kind in enumerate(kinds):
        profile = typed(sdk, "DeviceConfiguration", document=SAMPLES[kind])
        profile.display_name = f"Listed {number}"
        results.append(await profiles.post(profile))
    options: dict[str, Any] = {"filter": "startswith(displayName,'Listed')", "orderby": ["displayName desc"]}
    first = await profiles.get(asking(profiles, top=1, **options))
    assert len(first.value) == 1
    graph = await everything(sdk.graph, first)
    assert names(graph) == ["Listed 2", "Listed 1", "Listed 0"]
    assert [type(each) for each in graph] == [type(result) for result in reversed(results)]
    second = await profiles.get(asking(profiles, skip=1, top=1, **options))
    assert names(second.value) == ["Listed 1"]
    of_kind = await profiles.get(asking(profiles, filter="isof('microsoft.graph.iosCustomConfiguration')"))
    assert [each.id for each in of_kind.value] == [results[0].id]
    chosen = await profiles.get(asking(profiles, select=["id", "displayName"], **options))
    assert [each.version for each in chosen.value] == [None] * 3
    assert await profiles.count.get() == 3
    assert await profiles.count.get(asking(profiles.count, filter="contains(displayName,'1')")) == 1
    for result in results:
        await profiles.by_device_configuration_id(result.id).delete()


async def test_what_is_wrong_with_a_profile_is_said(sdk: Sdk) -> None:
    profiles = sdk.graph.device_management.device_configurations
    one = profiles.by_device_configuration_id(
        (await profiles.post(typed(sdk, "DeviceConfiguration", document=SAMPLES["iosCustomConfiguration"]))).id
    )
    kind = sdk.model("IosCustomConfiguration")
    for send, body in (
        (profiles.post, kind(description="no name")),
        (profiles.post, sdk.model("DeviceConfiguration")(display_name="no kind")),
        (one.patch, sdk.model("MacOSCustomConfiguration")(display_name="another kind")),
    ):
        with pytest.raises(APIError) as error:
            await send(body)
        assert refusal(error.value) in {(400, "BadRequest"), (400, "ModelValidationFailure")}
    assert (await one.get()).version == 1
    await one.delete()
    if sdk.beta:  # which knows every property of the kinds that S/MIME needs
        root = sdk.model("IosImportedPFXCertificateProfile")
        with pytest.raises(APIError, match="colour") as error:
            await profiles.post(root(display_name="x", additional_data={"colour": "blue"}))
        assert refusal(error.value)[0] == 400


async def test_v1_shows_what_only_beta_knows_as_a_plain_profile(served_tenant: ServedTenant) -> None:
    async with both("beta", served_tenant) as beta, both("v1.0", served_tenant) as v1:
        answer = await beta.graph.device_management.device_configurations.post(
            typed(beta, "DeviceConfiguration", document=SAMPLES["iosImportedPFXCertificateProfile"])
        )
        one = v1.graph.device_management.device_configurations.by_device_configuration_id(answer.id)
        result = await one.get()
        assert type(result) is v1.model("DeviceConfiguration")
        assert (result.display_name, result.odata_type) == (answer.display_name, answer.odata_type)
        await one.delete()
