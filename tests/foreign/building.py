"""A tenant of 200 users, 500 devices and 40 profiles: built, read back and taken down with Microsoft's Graph SDKs alone.

    python tests/foreign/building.py --url https://localhost:8443 --ca .fauxtune/tls/ca.pem

msgraph-sdk does the directory, most of it in batches; msgraph-beta-sdk does what v1.0 does not know. The devices are
Entra's: a managed device comes by enrolment alone, in Graph as it is. What was in the tenant before stays as it was,
and nothing else is left. The last line is a summary, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import re
import ssl
import time
import uuid
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from azure.identity import ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider

# The SDKs' own, of classes of their own.
warnings.filterwarnings("ignore", category=DeprecationWarning)

from msgraph import GraphServiceClient as V1Client  # noqa: E402
from msgraph import graph_request_adapter as v1_adapter  # noqa: E402
from msgraph_beta import GraphServiceClient as BetaClient  # noqa: E402
from msgraph_beta import graph_request_adapter as beta_adapter  # noqa: E402
from msgraph_core import GraphClientFactory  # noqa: E402
from msgraph_core.requests.batch_request_content_collection import BatchRequestContentCollection  # noqa: E402
from msgraph_core.requests.batch_request_item import BatchRequestItem  # noqa: E402
from msgraph_core.tasks.page_iterator import PageIterator  # noqa: E402

USERS, DEVICES, PROFILES = 200, 500, 40
DEPARTMENTS = ("Sales", "Finance", "Research", "Production", "Law", "Support", "Purchasing", "Press", "Staff", "Board")
SITES = ("Berlin", "Paris", "Rome", "Vienna", "Oslo")
SYSTEMS = ("Windows", "iOS", "macOS", "Android")
INTUNE = uuid.UUID("061f9ace-7d42-4136-88ac-31dc755f143f")
DIRECTORY = "https://graph.microsoft.com/v1.0/directoryObjects"
CONFIGURATIONS = "https://graph.microsoft.com/beta/deviceManagement/deviceConfigurations"
#: What Graph takes in one `members@odata.bind`.
BOUND = 20
#: How many requests of this program are under way at the same time.
AT_ONCE = 8


# -------------------------------------------------------------------------------------------------------- the two SDKs


def model(name: str, *, sdk: str = "msgraph_beta", folder: str = "models") -> Any:
    """A class of the SDKs, which have a module for each of thousands."""
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return getattr(importlib.import_module(f"{sdk}.generated.{folder}.{module}"), name)


def v1(name: str) -> Any:
    """The same of v1.0."""
    return model(name, sdk="msgraph")


@dataclass(slots=True)
class Tenant:
    """Both clients, and what was made of each kind: its id by its name."""

    v1: V1Client
    beta: BetaClient
    domain: str
    users: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    filters: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)


@asynccontextmanager
async def connected(arguments: argparse.Namespace) -> AsyncIterator[Tenant]:
    """Both clients, signed in as an application of the tenant."""
    secret = ClientSecretCredential(
        arguments.tenant_id,
        arguments.client_id,
        arguments.client_secret,
        authority=arguments.url,
        disable_instance_discovery=True,
        connection_verify=arguments.ca,
    )
    requests: Counter[str] = Counter()

    async def count(request: httpx.Request) -> None:
        requests["batches" if request.url.path.endswith("$batch") else "requests"] += 1

    provider = AzureIdentityAuthenticationProvider(secret, scopes=["https://graph.microsoft.com/.default"])
    adapters = []
    with secret:
        for module, version in ((v1_adapter, "v1.0"), (beta_adapter, "beta")):
            trust = ssl.create_default_context(cafile=arguments.ca)
            http = httpx.AsyncClient(verify=trust, timeout=60, event_hooks={"request": [count]})
            http = GraphClientFactory.create_with_default_middleware(client=http, options=module.options)
            adapters.append(module.GraphRequestAdapter(provider, client=http))
            adapters[-1].base_url = f"{arguments.url}/{version}"
        v1_client, beta_client = V1Client(request_adapter=adapters[0]), BetaClient(request_adapter=adapters[1])
        organization = await v1_client.organization.get()
        assert organization is not None
        domains = (organization.value or [])[0].verified_domains or []
        domain = next(str(each.name) for each in domains if each.is_default)
        yield Tenant(v1_client, beta_client, domain, requests=requests)


def asking(builder: Any, *, eventual: bool = False, **options: Any) -> RequestConfiguration[Any]:
    """Query options; `eventual` is what advanced queries on the directory want."""
    headers = HeadersCollection()
    if eventual:
        headers.add("ConsistencyLevel", "eventual")
    parameters = getattr(builder, f"{type(builder).__name__}GetQueryParameters", dict)
    return RequestConfiguration(query_parameters=parameters(**options) if options else None, headers=headers)


async def everything(graph: V1Client | BetaClient, builder: Any, **options: Any) -> list[Any]:
    """All pages."""
    found: list[Any] = []

    def note(each: Any) -> bool:
        found.append(each)
        return True

    first = await builder.get(asking(builder, **options))
    await PageIterator(first, graph.request_adapter).iterate(note)
    return found


async def in_batches(tenant: Tenant, wanted: Iterable[RequestInformation], *, kind: Any = None) -> list[Any]:
    """Answers in the order of what is wanted, twenty a batch; all must succeed."""
    items = [BatchRequestItem(each) for each in wanted]
    collection = BatchRequestContentCollection()
    for item in items:
        collection.add_batch_request_item(item)
    answered = await tenant.v1.batch.post(collection)
    responses = {name: content for content in answered.get_responses() for name in content.responses}
    found = []
    for item in items:
        response = responses[item.id].get_response_by_id(item.id)
        assert response.status in {200, 201, 204}, f"{item.method} {item.url}: {response.status} {response.body.read()}"
        found.append(None if kind is None else responses[item.id].get_response_by_id(item.id, kind))
    return found


async def at_once(wanted: Iterable[Any]) -> list[Any]:
    """Several coroutines under way together, not all of them."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(each: Any) -> Any:
        async with gate:
            return await each

    return await asyncio.gather(*map(one, wanted))


def chunks(ids: Sequence[str]) -> Iterable[list[str]]:
    """As many as can be bound at once."""
    for start in range(0, len(ids), BOUND):
        yield [f"{DIRECTORY}/{each}" for each in ids[start : start + BOUND]]


# ------------------------------------------------------------------------------------------------------------- building


async def build_users(tenant: Tenant) -> None:
    """People with licences, a tenth of them with a manager."""
    people = [
        v1("User")(
            account_enabled=True,
            display_name=f"Person {number:03}",
            given_name="Person",
            surname=f"{number:03}",
            department=DEPARTMENTS[number % len(DEPARTMENTS)],
            mail=f"person{number:03}@{tenant.domain}",
            mail_nickname=f"person{number:03}",
            user_principal_name=f"person{number:03}@{tenant.domain}",
            usage_location="DE",
            password_profile=v1("PasswordProfile")(password="Wonder-1234", force_change_password_next_sign_in=False),
        )
        for number in range(USERS)
    ]
    made = await in_batches(
        tenant, [tenant.v1.users.to_post_request_information(each) for each in people], kind=v1("User")
    )
    tenant.users = {each.display_name: each.id for each in made}
    one = tenant.v1.users.by_user_id
    body_type = model("AssignLicensePostRequestBody", sdk="msgraph", folder="users.item.assign_license")
    body = body_type(add_licenses=[v1("AssignedLicense")(sku_id=INTUNE, disabled_plans=[])], remove_licenses=[])
    ids = list(tenant.users.values())
    await in_batches(tenant, [one(each).assign_license.to_post_request_information(body) for each in ids])
    chief = v1("ReferenceUpdate")(odata_id=f"{DIRECTORY}/{ids[0]}")
    await in_batches(
        tenant, [one(each).manager.ref.to_put_request_information(chief) for each in ids[1 : 1 + USERS // 10]]
    )


async def build_devices(tenant: Tenant) -> None:
    """Entra devices, as if they had been registered."""
    made = await in_batches(
        tenant,
        [
            tenant.v1.devices.to_post_request_information(
                v1("Device")(
                    account_enabled=number % 50 != 0,
                    device_id=str(uuid.uuid4()),
                    display_name=f"Device {number:03}",
                    operating_system=SYSTEMS[number % len(SYSTEMS)],
                    operating_system_version=f"{10 + number % 5}.0",
                    trust_type="AzureAd",
                    alternative_security_ids=[v1("AlternativeSecurityId")(type=2, key=number.to_bytes(4, "big"))],
                )
            )
            for number in range(DEVICES)
        ],
        kind=v1("Device"),
    )
    tenant.devices = {each.display_name: each.id for each in made}


async def build_groups(tenant: Tenant) -> None:
    """A group a department with its people, one of those groups, and a group a site with its devices."""
    users, devices = list(tenant.users.values()), list(tenant.devices.values())
    members = {
        **{name: users[number :: len(DEPARTMENTS)] for number, name in enumerate(DEPARTMENTS)},
        **{name: devices[number :: len(SITES)] for number, name in enumerate(SITES)},
    }
    for name, ids in members.items():
        await build_group(tenant, name, ids=ids, owner=users[0])
    await build_group(tenant, "Everybody", ids=[tenant.groups[name] for name in DEPARTMENTS], owner=users[0])
    # One by one, as scripts do: the first device of each site is in the group of the next as well.
    for number, name in enumerate(SITES):
        following = tenant.groups[SITES[(number + 1) % len(SITES)]]
        reference = v1("ReferenceCreate")(odata_id=f"{DIRECTORY}/{members[name][0]}")
        await tenant.v1.groups.by_group_id(following).members.ref.post(reference)


async def build_group(tenant: Tenant, name: str, *, ids: Sequence[str], owner: str) -> None:
    """Twenty members are given with the group, the rest as changes of it."""
    first, *rest = chunks(ids)
    group = v1("Group")(
        display_name=name,
        mail_enabled=False,
        mail_nickname=name.lower(),
        security_enabled=True,
        additional_data={"members@odata.bind": first, "owners@odata.bind": [f"{DIRECTORY}/{owner}"]},
    )
    made = await tenant.v1.groups.post(group)
    assert made is not None
    assert made.id is not None
    tenant.groups[name] = made.id
    for more in rest:
        change = v1("Group")(additional_data={"members@odata.bind": more})
        await tenant.v1.groups.by_group_id(made.id).patch(change)


async def build_filters(tenant: Tenant) -> None:
    """Filters of assignments."""
    platform = model("DevicePlatformType")
    rules = {
        "Pixels": (platform.AndroidWorkProfile, '(device.manufacturer -eq "Google")'),
        "Owned by us": (platform.Windows10AndLater, '(device.deviceOwnership -eq "Corporate")'),
        "Apple's": (platform.IOS, '(device.manufacturer -eq "Apple")'),
    }
    for name, (of, rule) in rules.items():
        made = await tenant.beta.device_management.assignment_filters.post(
            model("DeviceAndAppManagementAssignmentFilter")(display_name=name, platform=of, rule=rule)
        )
        assert made is not None
        tenant.filters[name] = str(made.id)


# ------------------------------------------------------------------------------------------------------------- profiles

ROOTS = (
    "AndroidTrustedRootCertificate AndroidForWorkTrustedRootCertificate AndroidWorkProfileTrustedRootCertificate "
    "AndroidDeviceOwnerTrustedRootCertificate AospDeviceOwnerTrustedRootCertificate IosTrustedRootCertificate "
    "MacOSTrustedRootCertificate Windows81TrustedRootCertificate WindowsPhone81TrustedRootCertificate"
).split()
PKCS = (
    "AndroidPkcsCertificateProfile AndroidForWorkPkcsCertificateProfile AndroidWorkProfilePkcsCertificateProfile "
    "AndroidDeviceOwnerPkcsCertificateProfile AospDeviceOwnerPkcsCertificateProfile IosPkcsCertificateProfile "
    "MacOSPkcsCertificateProfile Windows10PkcsCertificateProfile"
).split()
SCEP = (
    "AndroidScepCertificateProfile AndroidForWorkScepCertificateProfile AndroidWorkProfileScepCertificateProfile "
    "AndroidDeviceOwnerScepCertificateProfile AospDeviceOwnerScepCertificateProfile IosScepCertificateProfile "
    "MacOSScepCertificateProfile Windows81SCEPCertificateProfile WindowsPhone81SCEPCertificateProfile"
).split()
IMPORTED = (
    "AndroidImportedPFXCertificateProfile AndroidForWorkImportedPFXCertificateProfile "
    "AndroidDeviceOwnerImportedPFXCertificateProfile IosImportedPFXCertificateProfile "
    "MacOSImportedPFXCertificateProfile Windows10ImportedPFXCertificateProfile "
    "WindowsPhone81ImportedPFXCertificateProfile"
).split()
MAIL = (
    "IosEasEmailProfileConfiguration AndroidEasEmailProfileConfiguration AndroidForWorkGmailEasConfiguration "
    "AndroidWorkProfileGmailEasConfiguration AndroidWorkProfileNineWorkEasConfiguration "
    "Windows10EasEmailProfileConfiguration WindowsPhoneEASEmailProfileConfiguration"
).split()


async def build_profiles(tenant: Tenant) -> None:
    """All kinds: roots first, then the certificates that refer to them, then the mail profiles that refer to those."""
    file = certificate_file()
    roots = await at_once(
        made(tenant, name, trusted_root_certificate=file, cert_file_name="root.cer") for name in ROOTS
    )
    by_platform = {re.split("TrustedRoot", type(each).__name__)[0]: each for each in roots}
    await at_once(
        made(
            tenant,
            name,
            certification_authority=f"ca.{tenant.domain}",
            certification_authority_name="Contoso Issuing CA",
            certificate_template_name="SmimeSigning",
            renewal_threshold_percentage=20,
            **root_of(name, by_platform),
        )
        for name in PKCS
    )
    await at_once(
        made(
            tenant,
            name,
            scep_server_urls=["https://ndes.contoso.example/certsrv/mscep/mscep.dll"],
            key_size=model("KeySize").Size2048,
            # The SDK writes no list of flags; as Graph writes them, they go beside its properties.
            additional_data={"keyUsage": "digitalSignature,keyEncipherment"},
            **root_of(name, by_platform),
        )
        for name in SCEP
    )
    purpose = model("IntendedPurpose").SmimeEncryption
    await at_once(made(tenant, name, intended_purpose=purpose) for name in IMPORTED)
    await at_once(made(tenant, name, host_name=f"mail.{tenant.domain}", **mail_of(name, tenant)) for name in MAIL)


async def made(tenant: Tenant, name: str, **properties: Any) -> Any:
    """One profile, which comes back as what it is."""
    profile = await tenant.beta.device_management.device_configurations.post(
        model(name)(display_name=f"Built {name}", description="Built by a program", **properties)
    )
    assert type(profile).__name__ == name
    tenant.profiles[name] = str(profile.id)
    return profile


def certificate_file() -> bytes:
    """A root certificate."""
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Built Root")]), datetime.now(UTC)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=3650))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def root_of(name: str, roots: dict[str, Any]) -> dict[str, Any]:
    """The root of the same platform, by the property that the kind has for it, if it has one."""
    if "root_certificate" not in model(name).__dataclass_fields__:
        return {}
    return {"root_certificate": roots[re.split("Pkcs|Scep|SCEP", name)[0]]}


def mail_of(name: str, tenant: Tenant) -> dict[str, Any]:
    """Certificates of a mail account: bound, as portal and tools do."""
    bound = {
        "IosEasEmailProfileConfiguration": {
            "smimeSigningCertificate": "IosPkcsCertificateProfile",
            "smimeEncryptionCertificate": "IosImportedPFXCertificateProfile",
        },
        "AndroidWorkProfileGmailEasConfiguration": {"identityCertificate": "AndroidWorkProfileScepCertificateProfile"},
    }.get(name, {})
    more = {f"{key}@odata.bind": f"{CONFIGURATIONS}('{tenant.profiles[kind]}')" for key, kind in bound.items()}
    named = {"account_name": "Contoso"} if "account_name" in model(name).__dataclass_fields__ else {}
    return {"additional_data": more, **named}


async def assign_profiles(tenant: Tenant) -> int:
    """Each to a department without another, or to a site's devices; three through filters. How many assignments."""
    target, kinds = model("DeviceConfigurationAssignment"), model("DeviceAndAppManagementAssignmentFilterType")
    filtered = {
        "AndroidWorkProfilePkcsCertificateProfile": "Pixels",
        "Windows10PkcsCertificateProfile": "Owned by us",
        "IosPkcsCertificateProfile": "Apple's",
    }

    def targets(number: int, name: str) -> list[Any]:
        if name in filtered:
            which, how = tenant.filters[filtered[name]], kinds.Include
            return [
                model("AllLicensedUsersAssignmentTarget")(
                    device_and_app_management_assignment_filter_id=which,
                    device_and_app_management_assignment_filter_type=how,
                )
            ]
        group, other = DEPARTMENTS[number % len(DEPARTMENTS)], DEPARTMENTS[(number + 1) % len(DEPARTMENTS)]
        if number % 2:
            return [model("GroupAssignmentTarget")(group_id=tenant.groups[SITES[number % len(SITES)]])]
        return [
            model("GroupAssignmentTarget")(group_id=tenant.groups[group]),
            model("ExclusionGroupAssignmentTarget")(group_id=tenant.groups[other]),
        ]

    async def assign(number: int, name: str) -> int:
        body_type = model("AssignPostRequestBody", folder="device_management.device_configurations.item.assign")
        one = tenant.beta.device_management.device_configurations.by_device_configuration_id(tenant.profiles[name])
        body = body_type(assignments=[target(target=each) for each in targets(number, name)])
        answer = await one.assign.post(body)
        return len(answer.value or ())

    return sum(await at_once(assign(number, name) for number, name in enumerate(sorted(tenant.profiles))))
