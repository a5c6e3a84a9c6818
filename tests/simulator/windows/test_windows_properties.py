"""Whatever a server says, in whatever order: the device stays consistent, and a failed Atomic leaves no trace."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fauxtune_sim.platforms import Platform

SCOPES = ("./User/Vendor/MSFT", "./Device/Vendor/MSFT", "./Vendor/MSFT")
GOOD = {"KeyLocation": ["3"], "PFXCertPassword": ["secret"], "PFXKeyExportable": ["true"], "UseSSL": ["1"]}
GUIDS = ("4f0b1d2e-9a8b-4c7d-8e6f-0123456789ab", "5f0b1d2e-9a8b-4c7d-8e6f-0123456789ab")


@pytest.fixture(scope="module")
def values(pki: Any) -> dict[str, str]:
    """Two PFX files and two certificates, made once."""
    results = {}
    for name in ("one", "two"):
        identity = pki.issue()
        blob = pkcs12.serialize_key_and_certificates(
            b"a", identity.key, identity.certificate, None, BestAvailableEncryption(b"secret")
        )
        results[f"pfx {name}"] = base64.b64encode(blob).decode()
    return results


def uris(words: Any, pki: Any) -> list[str]:
    """Nodes of every part of the tree that takes commands, and some that do not exist."""
    results = [
        "./DevInfo/Man",
        "./Vendor/MSFT/Nothing",
        "./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Poll/NumberOfFirstRetries",
    ]
    for scope in SCOPES:
        for unique in ("A", "B"):
            node = f"{scope}/ClientCertificateInstall/PFXCertInstall/{unique}"
            leaves = ("KeyLocation", "PFXCertBlob", "PFXCertPassword", "PFXKeyExportable")
            results += [node, *(f"{node}/{leaf}" for leaf in leaves)]
        for store in ("Root", "CA"):
            for certificate in (pki.root, pki.intermediate):
                node = f"{scope}/RootCATrustedCertificates/{store}/{words.thumb(certificate)}"
                results += [node, f"{node}/EncodedCertificate"]
        for guid in GUIDS:
            node = f"{scope}/ActiveSync/Accounts/%7B{guid}%7D"
            results += [node, f"{node}/EmailAddress", f"{node}/ServerName", f"{node}/Options/UseSSL"]
    return results


def data(words: Any, pki: Any, values: dict[str, str]) -> list[str]:
    """What the nodes may be set to, right or wrong."""
    certificates = [words.encoded(one) for one in (pki.root, pki.intermediate)]
    return ["", "3", "1", "secret", "true", "alice@contoso.example", *values.values(), *certificates]


def check(desk: Any) -> None:
    """Nodes have parents; keys, trust and accounts are what the nodes say."""
    machine, device = desk.machine, desk.device
    for path in machine.state.nodes:
        assert machine.tree.rule(path) is not None
        assert all(machine.tree.has(path[:length]) for length in range(1, len(path)))
    installed = {path[:-1] for path in machine.state.nodes if path[-1] == "PFXCertBlob"}
    assert set(machine.state.keys) == installed
    assert {place.alias for place in machine.state.keys.values()} == set(device.keystore.entries)
    certificates = {value for path, value in machine.state.nodes.items() if path[-1] == "EncodedCertificate"}
    assert {base64.b64decode(str(one)) for one in certificates} == set(device.keystore.trusted.values())
    for identifier in device.accounts:
        roots = [path for path in machine.state.nodes if path[-1] == f"{{{identifier}}}"]
        assert len(roots) == 1


def command(draw: Any, words: Any, *, places: list[str], what: list[str]) -> str:
    name = draw(st.sampled_from(["Add", "Add", "Add", "Replace", "Delete", "Get"]))
    uri = draw(st.sampled_from(places))
    if name in {"Add", "Replace"}:
        fitting = GOOD.get(uri.rpartition("/")[2], what)
        return str(words.command(name, words.item(uri, draw(st.sampled_from(draw(st.sampled_from([fitting, what])))))))
    return str(words.command(name, words.item(uri)))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(draws=st.data())
@pytest.mark.parametrize("platform", [Platform.WINDOWS, Platform.WINDOWS_10_MOBILE])
def test_any_sequence_of_commands_leaves_the_device_consistent(
    desks: Any, pki: Any, values: dict[str, str], draws: Any, platform: Platform
) -> None:
    desk = desks(platform)
    words = desk.words
    part = draws.draw(st.sampled_from(["", "PFXCertInstall/A", "RootCATrustedCertificates/Root", f"%7B{GUIDS[0]}"]))
    places, what = [uri for uri in uris(words, pki) if part in uri], data(words, pki, values)
    for _ in range(draws.draw(st.integers(1, 8))):
        if draws.draw(st.booleans()):
            desk.say(command(draws.draw, words, places=places, what=what))
            check(desk)
            continue
        before = desk.machine.snapshot()
        atomic = words.atomic(
            *(command(draws.draw, words, places=places, what=what) for _ in range(draws.draw(st.integers(0, 6))))
        )
        (_, code), *children = desk.say(atomic)
        codes = {code for _, code in children}
        check(desk)
        if code == 200:
            assert codes <= {200}
        else:
            assert code == 507
            assert desk.machine.snapshot() == before
            assert 200 not in codes
            assert codes - {215, 216}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draws=st.data())
def test_a_good_pfx_is_installed_in_whatever_order_its_leaves_come(
    desks: Any, values: dict[str, str], draws: Any
) -> None:
    desk = desks()
    words = desk.words
    adds = words.pfx(f"{SCOPES[0]}/ClientCertificateInstall/PFXCertInstall/A", base64.b64decode(values["pfx one"]))
    assert desk.say(words.atomic(*draws.draw(st.permutations(adds))))[0] == ("Atomic", 200)
    check(desk)
    assert list(desk.device.keystore.entries) == ["A"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(uri=st.text(max_size=60), name=st.sampled_from(["Add", "Replace", "Delete", "Get", "Exec"]))
def test_any_text_as_locuri_is_answered(desk: Any, uri: str, name: str) -> None:
    allowed = "".join(
        one for one in uri if one >= " " and not "\ud800" <= one <= "\udfff" and one not in "\ufffe\uffff"
    )
    for place in (allowed, f"./Vendor/MSFT/{allowed}", f"./User/Vendor/MSFT/EMAIL2/{allowed}"):
        code = desk.code(desk.words.command(name, desk.words.item(place)))
        assert code in {400, 404, 405, 406, 425} or (name == "Get" and code == 200)
    assert not desk.machine.state.nodes
