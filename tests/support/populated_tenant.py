"""A tenant with an element in every collection that Graph lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.model import mail_accounts
from fauxtune.core.model.addresses import INTUNE
from fauxtune.core.odata.paths.table import Route
from fauxtune.surfaces.graph.call import Handler
from tests.support.app_configurations import CONFIGURATIONS, android_outlook, ios_outlook
from tests.support.certificates import pfx_import
from tests.support.devices.android import AndroidOverHttp
from tests.support.graph import DEVICES, PFX, PROFILES, create, id_of_group, id_of_user

if TYPE_CHECKING:
    from tests.surfaces.graph.conftest import Enroll

Json = dict[str, Any]
_CATEGORIES = "/deviceManagement/deviceCategories"
_TAGS = "/deviceManagement/roleScopeTags"
_FILTERS = "/deviceManagement/assignmentFilters"
_TARGET = "#microsoft.graph.{}AssignmentTarget"


@dataclass(slots=True)
class PopulatedTenant:
    """The ids of its elements, by their names in the templates of routes; those of resources, which have the same names
    in all families, by the templates that end with them.
    """

    keys: dict[str, str] = field(default_factory=dict)

    def path(self, route: Route[Handler]) -> str:
        """Return the path of a route in this tenant."""
        below = "devices" if route.template.startswith("devices/") else "managed"
        keys = {**self.keys, "device": self.keys[below]}
        template = route.template
        return "/" + re.sub(r"\{(\w+)\}", lambda key: keys.get(template[: key.end()]) or keys[key[1]], template)


@dataclass(slots=True)
class Population:
    """Populates a tenant as a client of Graph (beta) does, and with devices."""

    graph: httpx.AsyncClient
    enroll: Enroll
    root_file: str
    keys: list[rsa.RSAPrivateKey]
    connector: rsa.RSAPublicKey
    populated: PopulatedTenant = field(default_factory=PopulatedTenant)
    phones: list[AndroidOverHttp] = field(default_factory=list)

    async def populate(self) -> PopulatedTenant:
        """Create everything; its devices have settled."""
        await self._people()
        categories = [
            (await create(self.graph, _CATEGORIES, displayName=f"Category {n}", description="d"))["id"] for n in "21"
        ]
        for number, name in enumerate(("alice", "bob")):
            file = pfx_import(self.keys[3 + number], self.connector, common_name=name)
            record = await create(self.graph, PFX, **file.body(f"{name}@contoso.example"))
            self.populated.keys["certificate"] = record["id"]
        await self._profiles()
        await self._tag()
        for user in ("alice", "alice", "bob"):
            phone = await self.enroll(user, serial=f"S{len(self.phones)}")
            self.phones.append(phone)
            await phone.settle()
        reference = {"@odata.id": f"{_CATEGORIES}('{categories[0]}')"}
        first = self.phones[0]
        answer = await self.graph.put(f"{DEVICES}/{first.managed_device_id}/deviceCategory/$ref", json=reference)
        assert answer.status_code == 204, answer.text
        self.populated.keys |= {"managed": first.managed_device_id, "category": categories[0]}
        await self._device_in_groups(
            (await self.graph.get(f"{DEVICES}/{first.managed_device_id}")).json()["azureADDeviceId"]
        )
        return self.populated

    async def _refer(self, path: str, kind: str, key: str, *, method: str = "POST") -> None:
        body = {"@odata.id": f"https://graph.microsoft.com/v1.0/{kind}/{key}"}
        answer = await self.graph.request(method, f"{path}/$ref", json=body)
        assert answer.status_code == 204, answer.text

    async def _people(self) -> None:
        names = ("alice", "bob", "carol")
        alice, bob, carol = [await id_of_user(self.graph, name) for name in names]
        staff, pilot = [await id_of_group(self.graph, name) for name in ("All Staff", "SMIME Pilot")]
        words = {"mailEnabled": False, "mailNickname": "nest", "securityEnabled": True}
        nests = [(await create(self.graph, "/groups", displayName=f"Nest {n}", **words))["id"] for n in "21"]
        nobody = (await create(self.graph, "/groups", displayName="Nobody", **words))["id"]
        for nest in nests:
            await self._refer(f"/groups/{nest}/members", "groups", staff)
        await self._refer(f"/groups/{staff}/members", "groups", pilot)
        for owner in (alice, bob):
            await self._refer(f"/groups/{staff}/owners", "users", owner)
        for report in (bob, carol):
            await self._refer(f"/users/{report}/manager", "users", alice, method="PUT")
        self.populated.keys |= {
            "user": alice,
            "group": staff,
            "pilot": pilot,
            "nest": nests[0],
            "nobody": nobody,
            "object": bob,
            "principal": f"appId={INTUNE}",
            "application": await self._application(),
        }

    async def _application(self) -> str:
        """An application that accepts tokens of an issuer, of several subjects."""
        made = await create(self.graph, "/applications", displayName="Builds")
        for number in "213":
            await create(
                self.graph,
                f"/applications/{made['id']}/federatedIdentityCredentials",
                name=f"branch-{number}",
                description=f"Branch {number}",
                issuer="https://token.actions.example",
                subject=f"repo:contoso/mdm:ref:refs/heads/{number}",
                audiences=["api://AzureADTokenExchange"],
            )
        return str(made["id"])

    async def _profiles(self) -> None:
        keys = self.populated.keys
        for name, rule in (("Google", "-eq"), ("Others", "-ne")):
            filtered = await create(
                self.graph,
                _FILTERS,
                displayName=name,
                platform="androidForWork",
                rule=f'(device.manufacturer {rule} "Google")',
            )
            keys["filter"] = filtered["id"]
        root: Json = {
            "@odata.type": "#microsoft.graph.androidWorkProfileTrustedRootCertificate",
            "trustedRootCertificate": self.root_file,
        }
        pkcs: Json = {
            "@odata.type": "#microsoft.graph.androidWorkProfilePkcsCertificateProfile",
            "certificationAuthority": "ca.contoso.example",
            "certificationAuthorityName": "Contoso Issuing CA",
            "certificateTemplateName": "SmimeSigning",
            "extendedKeyUsages": [{"name": "Secure Email", "objectIdentifier": "1.3.6.1.5.5.7.3.4"}],
        }
        files: Json = {
            "@odata.type": "#microsoft.graph.androidForWorkImportedPFXCertificateProfile",
            "intendedPurpose": "smimeEncryption",
        }
        filtering = {
            "deviceAndAppManagementAssignmentFilterId": keys["filter"],
            "deviceAndAppManagementAssignmentFilterType": "exclude",
        }
        targets = [
            {"@odata.type": _TARGET.format("group"), "groupId": keys["group"], **filtering},
            {"@odata.type": _TARGET.format("exclusionGroup"), "groupId": keys["nobody"]},
            {"@odata.type": _TARGET.format("allLicensedUsers")},
        ]
        for number, body in enumerate((root, files, pkcs)):
            profile = await create(self.graph, PROFILES, displayName=f"Profile {3 - number}", **body)
            assigned = await self.graph.post(
                f"{PROFILES}/{profile['id']}/assign", json={"assignments": [{"target": target} for target in targets]}
            )
            assert assigned.status_code == 200, assigned.text
            keys |= {"profile": profile["id"], "assignment": assigned.json()["value"][0]["id"]}

        await self._app_configurations()

    async def _app_configurations(self) -> None:
        everybody = {"assignments": [{"target": {"@odata.type": _TARGET.format("allLicensedUsers")}}]}
        for name, more in (
            ("androidManagedStoreAppConfiguration", android_outlook(smime=True)),
            ("iosMobileAppConfiguration", ios_outlook(smime="true")),
        ):
            body = {"@odata.type": f"#microsoft.graph.{name}", "displayName": name, **more}
            made = (await create(self.graph, CONFIGURATIONS, **body))["id"]
        answer = await self.graph.post(f"{CONFIGURATIONS}/{made}/assign", json=everybody)
        assert answer.is_success, answer.text
        self.populated.keys |= {
            "configuration": made,
            "target": answer.json()["value"][0]["id"],
            "app": mail_accounts.FOR_IOS.id,
        }

    async def _tag(self) -> None:
        answer = await self.graph.post(_TAGS, json={"displayName": "Berlin", "description": "d"})
        assert answer.is_success, answer.text
        tag = answer.json()["id"]
        groups = [self.populated.keys[name] for name in ("group", "pilot")]
        targets = [{"target": {"@odata.type": _TARGET.format("group"), "groupId": group}} for group in groups]
        assigned = await self.graph.post(f"{_TAGS}/{tag}/assign", json={"assignments": targets})
        assert assigned.status_code == 200, assigned.text
        self.populated.keys["tag"] = tag
        self.populated.keys["summary"] = "DefaultDeviceCompliancePolicy.RequireRemainContact_all"

    async def _device_in_groups(self, device_id: str) -> None:
        (entra,) = (await self.graph.get("/devices", params={"$filter": f"deviceId eq '{device_id}'"})).json()["value"]
        self.populated.keys["devices"] = entra["id"]
        for group in (self.populated.keys["pilot"], self.populated.keys["nest"]):
            await self._refer(f"/groups/{group}/members", "devices", entra["id"])
