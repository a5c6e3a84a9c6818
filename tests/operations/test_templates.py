"""Certificate templates that are wrong: each setting stops the connector with its own number, and heals when edited."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fauxtune.connector import refusals
from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.items import TEMPLATE_UNKNOWN
from fauxtune.core.pki.issuance import read_csr
from fauxtune.core.pki.names import parse_subject
from fauxtune.core.pki.template import Template
from fauxtune.operations.ca import templates
from fauxtune.operations.ca.issuance import Application
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import certificates as queries
from tests.operations.office import Office
from tests.support.authorities import Authorities
from tests.support.certificates import certificate_request
from tests.support.devices.android import AndroidInProcess

NAME = "SmimeSigning"


async def edit(office: Office, name: str = NAME, **changes: Any) -> Template:
    made: Template = await office.do(templates.change_template, "issuing", name=name, changes=changes)
    return made


async def phone_with_profile(office: Office, **changes: Any) -> tuple[AndroidInProcess, str]:
    """A phone of alice's that trusts whatever it is told, and a PKCS profile for it."""
    await office.switch(requireTrustedRoot=False)
    profile = await office.pkcs_profile(**changes)
    return await office.enroll("alice"), profile


async def fares(office: Office, phone: AndroidInProcess, profile: str) -> tuple[str, int | None, str | None]:
    row = await office.status(phone, profile)
    assert row is not None
    return row["status"], row["error_code"], row["message"]


@pytest.mark.parametrize(
    ("setting", "refusal"),
    [
        ("connectorMayEnroll", refusals.TemplateRefused),
        ("subjectInRequest", refusals.SubjectRefused),
        ("exportable", refusals.KeyNotExportable),
    ],
)
async def test_each_wrong_setting_fails_issuance_with_its_own_number_and_heals(
    office: Office, setting: str, refusal: type[refusals.TemplateRefused]
) -> None:
    phone, profile = await phone_with_profile(office)
    off: dict[str, Any] = {setting: False}
    await edit(office, **off)
    await phone.settle()
    status, code, message = await fares(office, phone, profile)
    assert (status, code) == ("error", refusal.number)
    assert f"({setting})" in str(message)
    assert await office.issued() == []
    (failed,) = await office.events("failed")
    assert (failed["device"], failed["profile"]) == (phone.enrollment_id, profile)
    assert failed["detail"]["errorCode"] == refusal.number
    await edit(office, **(off | {setting: True}))
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}
    assert (await fares(office, phone, profile))[0] == "compliant"


async def test_the_display_name_is_not_the_name(office: Office) -> None:
    phone, profile = await phone_with_profile(office, certificateTemplateName="s/mime Signing")
    await phone.settle()
    status, code, message = await fares(office, phone, profile)
    assert (status, code) == ("error", TEMPLATE_UNKNOWN)
    assert "display name" in str(message)
    assert f"'{NAME}'" in str(message)


async def test_a_template_that_appears_heals_the_profile_that_asked_for_it(office: Office) -> None:
    phone, profile = await phone_with_profile(office, certificateTemplateName="Fresh")
    await phone.settle()
    assert (await fares(office, phone, profile))[1] == TEMPLATE_UNKNOWN
    await office.do(templates.add_template, "issuing", document={"name": "fresh", "keyType": "EC"})
    await phone.settle()
    (key,) = phone.keys.values()
    assert isinstance(key, ec.EllipticCurvePrivateKey)


async def test_a_template_that_goes_fails_what_asks_for_it_and_leaves_what_was_issued(office: Office) -> None:
    phone, profile = await phone_with_profile(office)
    await phone.settle()
    (issued,) = await office.issued()
    await office.do(templates.delete_template, "issuing", name=NAME.upper())
    await phone.settle()
    assert (await fares(office, phone, profile))[0] == "compliant"
    assert await office.certificate_status(issued["serial"]) == "good"
    other = await office.enroll("bob")
    await other.settle()
    assert (await fares(office, other, profile))[1] == TEMPLATE_UNKNOWN
    await office.action(phone, device_actions.retire)
    assert await office.certificate_status(issued["serial"]) == "revoked", "nobody forbids that any more"


async def test_editing_a_template_issues_nothing_anew(office: Office) -> None:
    phone, _profile = await phone_with_profile(office)
    await phone.settle()
    (before,) = await office.issued()
    await edit(office, validity="P30D", keyUsage=["digitalSignature"], displayName="Something else")
    await phone.settle()
    assert [row["serial"] for row in await office.issued()] == [before["serial"]]
    other = await office.enroll("bob")
    await other.settle()
    newest = next(row for row in await office.issued() if row["enrollment_id"] == other.enrollment_id)
    assert (newest["not_after"] - office.clock.now()).days == 30
    assert newest["key_usage"] == ["digitalSignature"]


async def test_only_devices_that_can_be_concerned_plan_again(office: Office) -> None:
    await office.switch(requireTrustedRoot=False)
    await office.pkcs_profile("SMIME Pilot")
    await office.pkcs_profile("All Staff", certificateTemplateName="SmimeEncryption")
    alice, carol = await office.enroll("alice"), await office.enroll("carol")
    for phone in (alice, carol):
        await phone.settle()
        await phone.check_in()
    generations = [(await phone.row())["generation"] for phone in (alice, carol)]
    await edit(office, validity="P10D")
    assert [(await phone.row())["generation"] for phone in (alice, carol)] == [generations[0] + 1, generations[1]]
    await edit(office, validity="P10D")
    assert (await alice.row())["generation"] == generations[0] + 1, "nothing changed"
    await edit(office, name="SmimeP256", validity="P10D")
    assert (await alice.row())["generation"] == generations[0] + 1, "nobody asks for it"


async def test_a_connector_that_may_not_revoke_leaves_the_certificate_good(office: Office) -> None:
    phone, _profile = await phone_with_profile(office)
    await phone.settle()
    (issued,) = await office.issued()
    await edit(office, connectorMayRevoke=False)
    await office.action(phone, device_actions.retire)
    await office.action(phone, device_actions.retire)
    assert await office.certificate_status(issued["serial"]) == "good"
    (refused,) = await office.events("refused")
    assert refused["certificate"] == {"thumbprint": issued["thumbprint"], "serial": issued["serial"], "source": "pkcs"}
    assert refused["detail"]["errorCode"] == refusals.RevocationRefused.number
    assert (refused["detail"]["asked"], refused["detail"]["template"]) == ("revocation", NAME)
    assert await office.events("revoked", "revocationCaused") == []
    row = await office.look(queries.certificate, office.tenant.id, key=issued["serial"])
    assert row["revocation_state"] == "refused"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (Template(name="Big", display_name="Big", minimum_key_size=3072), "3072 bits"),
        (Template(name="Curve", display_name="Curve", key_type="EC", minimum_key_size=256), "type EC"),
    ],
    ids=["size", "kind"],
)
def test_a_key_that_the_template_does_not_allow_is_refused_with_a_number_of_its_own(
    authorities: Authorities, rsa_keys: KeyRing, template: Template, words: str
) -> None:
    application = Application(
        authority=authorities.issuing,
        template=template,
        subject=parse_subject("CN=a"),
        alternative_names=(),
        serial=5,
        not_before=authorities.now,
        not_after=authorities.end,
    )
    csr = certificate_request(rsa_keys.take(), "x")
    with pytest.raises(refusals.KeyRefused, match=words) as caught:
        application.certify(read_csr(csr))
    assert caught.value.code == 0x87D11012 - (1 << 32)


def test_every_refusal_has_a_number_of_its_own() -> None:
    numbers = [refusal.number for refusal in refusals.REFUSALS]
    assert len(set(numbers)) == len(numbers)
    assert all(0x1000 <= (number + (1 << 32)) - 0x87D10000 <= 0x10FF for number in numbers)


async def test_a_change_is_written_down_with_what_was_and_what_is(office: Office) -> None:
    await edit(office, exportable=False, validity="P365D")
    await office.do(templates.add_template, "issuing", document={"name": "New"})
    await office.do(templates.delete_template, "issuing", name="New")
    changed, added, deleted = await office.events("templateChanged", "templateAdded", "templateDeleted")
    assert changed["detail"] == {"template": NAME, "before": {"exportable": True}, "after": {"exportable": False}}
    assert (added["detail"]["template"], deleted["detail"]) == ("New", {"template": "New"})


async def test_impossible_changes_change_nothing(office: Office) -> None:
    before = await office.do(templates.template, "issuing", name=NAME)
    for changes, target in (
        ({"name": "Other"}, "name"),
        ({"minimumKeySize": 100}, "minimumKeySize"),
        ({"keyType": "EC", "minimumKeySize": 2048}, "minimumKeySize"),
        ({"keyType": "EC", "keyUsage": ["keyEncipherment"]}, "keyUsage"),
        ({"validity": "P101Y"}, "validity"),
        ({"validity": None}, "validity"),
        ({"displayName": " "}, "displayName"),
        ({"displayName": None}, "displayName"),
        ({"exportable": None}, "exportable"),
        ({"extendedKeyUsages": ["1.2.x"]}, "extendedKeyUsages"),
    ):
        with pytest.raises(Invalid) as caught:
            await office.do(templates.change_template, "issuing", name=NAME, changes=changes)
        assert caught.value.target == target
        assert target in caught.value.message
    assert await office.do(templates.template, "issuing", name=NAME) == before


async def test_another_kind_of_key_takes_size_and_usages_along(office: Office) -> None:
    made = await edit(office, name="SmimeBoth", keyType="EC")
    assert (made.minimum_key_size, made.key_usage) == (256, ("digitalSignature", "keyAgreement"))


async def test_names_are_taken_in_any_case_and_only_the_issuing_authority_has_templates(office: Office) -> None:
    with pytest.raises(Conflict):
        await office.do(templates.add_template, "issuing", document={"name": NAME.lower()})
    for authority in ("root", "devices", "issuing-2", "nothing"):
        with pytest.raises(NotFound):
            await office.do(templates.all_templates, authority)
    with pytest.raises(NotFound, match=r"There are: .*SmimeBoth"):
        await edit(office, name="S/MIME signing")
