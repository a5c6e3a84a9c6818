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
from fauxtune.operations.ca import issuance
from fauxtune.operations.ca.issuance import Application
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import certificates as queries
from tests.support.authorities import Authorities
from tests.support.certificates import certificate_request
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import Contoso

NAME = "SmimeSigning"


async def edit(contoso: Contoso, name: str = NAME, **changes: Any) -> Template:
    change_template: Template = await contoso.do(issuance.change_template, "issuing", name=name, changes=changes)
    return change_template


async def phone_with_profile(contoso: Contoso, **changes: Any) -> tuple[AndroidInProcess, str]:
    """A phone of alice's that trusts whatever it is told, and a PKCS profile for it."""
    await contoso.switch(requireTrustedRoot=False)
    profile = await contoso.pkcs_profile(**changes)
    return await contoso.enroll("alice"), profile


async def fares(contoso: Contoso, phone: AndroidInProcess, profile: str) -> tuple[str, int | None, str | None]:
    row = await contoso.status(phone, profile)
    assert row is not None
    return row.status, row.error_code, row.message


@pytest.mark.parametrize(
    ("setting", "refusal"),
    [
        ("connectorMayEnroll", refusals.TemplateRefused),
        ("subjectInRequest", refusals.SubjectRefused),
        ("exportable", refusals.KeyNotExportable),
    ],
)
async def test_each_wrong_setting_fails_issuance_with_its_own_number_and_heals(
    contoso: Contoso, setting: str, refusal: type[refusals.TemplateRefused]
) -> None:
    phone, profile = await phone_with_profile(contoso)
    off: dict[str, Any] = {setting: False}
    await edit(contoso, **off)
    await phone.settle()
    status, code, message = await fares(contoso, phone, profile)
    assert (status, code) == ("error", refusal.number)
    assert f"({setting})" in str(message)
    assert await contoso.issued() == []
    (failed,) = await contoso.events("failed")
    assert (failed.device, failed.profile) == (phone.enrollment_id, profile)
    assert failed.detail["errorCode"] == refusal.number
    await edit(contoso, **(off | {setting: True}))
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}
    assert (await fares(contoso, phone, profile))[0] == "compliant"


async def test_the_display_name_is_not_the_name(contoso: Contoso) -> None:
    phone, profile = await phone_with_profile(contoso, certificateTemplateName="s/mime Signing")
    await phone.settle()
    status, code, message = await fares(contoso, phone, profile)
    assert (status, code) == ("error", TEMPLATE_UNKNOWN)
    assert "display name" in str(message)
    assert f"'{NAME}'" in str(message)


async def test_a_template_that_appears_heals_the_profile_that_asked_for_it(contoso: Contoso) -> None:
    phone, profile = await phone_with_profile(contoso, certificateTemplateName="Fresh")
    await phone.settle()
    assert (await fares(contoso, phone, profile))[1] == TEMPLATE_UNKNOWN
    await contoso.do(issuance.add_template, "issuing", document={"name": "fresh", "keyType": "EC"})
    await phone.settle()
    (key,) = phone.keys.values()
    assert isinstance(key, ec.EllipticCurvePrivateKey)


async def test_a_template_that_goes_fails_what_asks_for_it_and_leaves_what_was_issued(contoso: Contoso) -> None:
    phone, profile = await phone_with_profile(contoso)
    await phone.settle()
    (issued,) = await contoso.issued()
    await contoso.do(issuance.delete_template, "issuing", name=NAME.upper())
    await phone.settle()
    assert (await fares(contoso, phone, profile))[0] == "compliant"
    assert await contoso.certificate_status(issued.serial) == "good"
    other = await contoso.enroll("bob")
    await other.settle()
    assert (await fares(contoso, other, profile))[1] == TEMPLATE_UNKNOWN
    await contoso.action(phone, device_actions.retire)
    assert await contoso.certificate_status(issued.serial) == "revoked", "nobody forbids that any more"


async def test_editing_a_template_issues_nothing_anew(contoso: Contoso) -> None:
    phone, _profile = await phone_with_profile(contoso)
    await phone.settle()
    (before,) = await contoso.issued()
    await edit(contoso, validity="P30D", keyUsage=["digitalSignature"], displayName="Something else")
    await phone.settle()
    assert [row.serial for row in await contoso.issued()] == [before.serial]
    other = await contoso.enroll("bob")
    await other.settle()
    newest = next(row for row in await contoso.issued() if row.enrollment_id == other.enrollment_id)
    assert (newest.not_after - contoso.clock.now()).days == 30
    assert newest.key_usage == ["digitalSignature"]


async def test_only_devices_that_can_be_concerned_plan_again(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile("SMIME Pilot")
    await contoso.pkcs_profile("All Staff", certificateTemplateName="SmimeEncryption")
    alice, carol = await contoso.enroll("alice"), await contoso.enroll("carol")
    for phone in (alice, carol):
        await phone.settle()
        await phone.check_in()
    generations = [(await phone.row()).generation for phone in (alice, carol)]
    await edit(contoso, validity="P10D")
    assert [(await phone.row()).generation for phone in (alice, carol)] == [generations[0] + 1, generations[1]]
    await edit(contoso, validity="P10D")
    assert (await alice.row()).generation == generations[0] + 1, "nothing changed"
    await edit(contoso, name="SmimeP256", validity="P10D")
    assert (await alice.row()).generation == generations[0] + 1, "nobody asks for it"


async def test_a_connector_that_may_not_revoke_leaves_the_certificate_good(contoso: Contoso) -> None:
    phone, _profile = await phone_with_profile(contoso)
    await phone.settle()
    (issued,) = await contoso.issued()
    await edit(contoso, connectorMayRevoke=False)
    await contoso.action(phone, device_actions.retire)
    await contoso.action(phone, device_actions.retire)
    assert await contoso.certificate_status(issued.serial) == "good"
    (refused,) = await contoso.events("refused")
    assert refused.certificate == {"thumbprint": issued.thumbprint, "serial": issued.serial, "source": "pkcs"}
    assert refused.detail["errorCode"] == refusals.RevocationRefused.number
    assert (refused.detail["asked"], refused.detail["template"]) == ("revocation", NAME)
    assert await contoso.events("revoked", "revocationCaused") == []
    row = await contoso.get(queries.certificate, contoso.tenant.id, key=issued.serial)
    assert row.revocation_state == "refused"


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


@pytest.mark.both_databases
async def test_a_change_is_written_down_with_what_was_and_what_is(contoso: Contoso) -> None:
    await edit(contoso, exportable=False, validity="P365D")
    await contoso.do(issuance.add_template, "issuing", document={"name": "New"})
    await contoso.do(issuance.delete_template, "issuing", name="New")
    changed, added, deleted = await contoso.events("templateChanged", "templateAdded", "templateDeleted")
    assert changed.detail == {"template": NAME, "before": {"exportable": True}, "after": {"exportable": False}}
    assert (added.detail["template"], deleted.detail) == ("New", {"template": "New"})


async def test_impossible_changes_change_nothing(contoso: Contoso) -> None:
    before = await contoso.do(issuance.template, "issuing", name=NAME)
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
            await contoso.do(issuance.change_template, "issuing", name=NAME, changes=changes)
        assert caught.value.target == target
        assert target in caught.value.message
    assert await contoso.do(issuance.template, "issuing", name=NAME) == before


async def test_another_kind_of_key_takes_size_and_usages_along(contoso: Contoso) -> None:
    result = await edit(contoso, name="SmimeBoth", keyType="EC")
    assert (result.minimum_key_size, result.key_usage) == (256, ("digitalSignature", "keyAgreement"))


async def test_names_are_taken_in_any_case_and_only_the_issuing_authority_has_templates(contoso: Contoso) -> None:
    with pytest.raises(Conflict):
        await contoso.do(issuance.add_template, "issuing", document={"name": NAME.lower()})
    for authority in ("root", "devices", "issuing-2", "nothing"):
        with pytest.raises(NotFound):
            await contoso.do(issuance.all_templates, authority)
    with pytest.raises(NotFound, match=r"There are: .*SmimeBoth"):
        await edit(contoso, name="S/MIME signing")
