"""The server's own certificates: made once, renewed when they must be."""

from __future__ import annotations

import stat
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from fauxtune.server import tls
from tests.support.clock import NOW
from tests.support.ids import SeededIds

IDS = SeededIds(1)


def load(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def names_of(file: Path) -> set[str]:
    names = load(file).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = names.get_values_for_type(x509.IPAddress)
    return {*names.get_values_for_type(x509.DNSName), *map(str, addresses)}


def test_the_first_start_makes_a_root_and_a_certificate_for_every_name(tmp_path: Path) -> None:
    files = tls.prepare(tmp_path, names=["Emulator.Test", "10.1.2.3", "0.0.0.0"], now=NOW, ids=IDS)
    assert names_of(files.server) == {"localhost", "127.0.0.1", "::1", "emulator.test", "10.1.2.3"}
    root, server = load(files.ca), load(files.server)
    server.verify_directly_issued_by(root)
    assert "EMULATOR" in root.subject.rfc4514_string()
    # Apple's limit for server certificates, and the strictest.
    assert server.not_valid_after_utc - server.not_valid_before_utc <= timedelta(days=397)
    for key in ("ca.key", "server.key"):
        assert stat.S_IMODE((tmp_path / key).stat().st_mode) == 0o600
    assert ip_address("0.0.0.0") not in {ip_address(name) for name in ("127.0.0.1", "::1", "10.1.2.3")}


def test_a_later_start_changes_nothing(tmp_path: Path) -> None:
    files = tls.prepare(tmp_path, names=["emulator.test"], now=NOW, ids=IDS)
    before = (files.ca.read_bytes(), files.server.read_bytes())
    tls.prepare(tmp_path, names=[], now=NOW + timedelta(days=300), ids=IDS)
    assert (files.ca.read_bytes(), files.server.read_bytes()) == before


@pytest.mark.parametrize("why", ["expires soon", "new name", "damaged", "foreign key", "gone"])
def test_a_certificate_that_will_not_do_is_renewed_under_the_same_root(tmp_path: Path, why: str) -> None:
    files = tls.prepare(tmp_path, names=[], now=NOW, ids=IDS)
    root, server = files.ca.read_bytes(), files.server.read_bytes()
    later = NOW + timedelta(days=380) if why == "expires soon" else NOW
    if why == "damaged":
        files.server.write_bytes(server[:100])
    if why == "foreign key":
        files.key.write_bytes((tmp_path / "ca.key").read_bytes())
    if why == "gone":
        files.key.unlink()
    tls.prepare(tmp_path, names=["new.test"] if why == "new name" else [], now=later, ids=IDS)
    assert files.ca.read_bytes() == root
    assert files.server.read_bytes() not in {server, server[:100]}
    load(files.server).verify_directly_issued_by(load(files.ca))
    assert ("new.test" in names_of(files.server)) is (why == "new name")
