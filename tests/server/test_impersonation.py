"""The certificates of the intercepted names: trusted with the emulator's root alone, and good for nothing else."""

from __future__ import annotations

import ssl
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from fauxtune.server import StartRefused, intercept, tls
from fauxtune.server.intercept import HOSTS, Impersonator
from fauxtune.server.system import SystemClock, SystemIds
from fauxtune.server.tls import TlsFiles

NOW = SystemClock().now()
IDS = SystemIds()


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    """The files of a server that has started once."""
    return tls.prepare(tmp_path / "tls", names=[], now=NOW, ids=IDS)


def handshake(server: ssl.SSLContext, files: TlsFiles, *, name: str) -> x509.Certificate:
    """A client that trusts the emulator's root alone connects; the certificate that it was shown."""
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.create_default_context(cafile=str(files.ca))
    client = trusting.wrap_bio(inward, outward, server_hostname=name)
    peer = server.wrap_bio(outward, inward, server_side=True)
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for sslobject in (client, peer):
            try:
                sslobject.do_handshake()
                done.add(sslobject)
            except ssl.SSLWantReadError:
                pass
    getpeercert = client.getpeercert(binary_form=True)
    assert getpeercert is not None
    return x509.load_der_x509_certificate(getpeercert)


def context_for(impersonator: Impersonator, name: x509.GeneralName, *, folder: Path) -> ssl.SSLContext:
    """What somebody could make who had stolen the authority's key."""
    key = ec.generate_private_key(ec.SECP256R1())
    draft = tls.server_certificate(key.public_key(), names=[name], common_name="Thief", now=NOW, serial=IDS.serial())
    stolen = tls.signed(draft, issuer=impersonator.certificate, key=impersonator.key)
    chain = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in (stolen, impersonator.certificate))
    (folder / "thief.pem").write_bytes(chain + tls.pem(key))
    context = tls.plain_context()
    context.load_cert_chain(folder / "thief.pem")
    return context


@pytest.mark.parametrize("host", HOSTS)
def test_the_root_alone_is_enough_to_trust_each_name(files: TlsFiles, host: str) -> None:
    contexts = intercept.contexts(files, now=NOW, ids=IDS)
    assert set(contexts) == set(HOSTS)
    result = handshake(contexts[host], files, name=host)
    names = result.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [host]
    assert "EMULATOR" in result.subject.rfc4514_string()


def test_another_server_name_than_the_context_s_is_refused(files: TlsFiles) -> None:
    context = intercept.contexts(files, now=NOW, ids=IDS)["graph.microsoft.com"]
    with pytest.raises(ssl.SSLError, match="CALLBACK_FAILED"):
        handshake(context, files, name="login.microsoftonline.com")
    handshake(context, files, name="GRAPH.microsoft.com")


@pytest.mark.parametrize("name", ["example.com", "microsoft.com", "localhost", "graph.microsoft.com.example.com"])
def test_the_authority_can_certify_no_other_name(files: TlsFiles, tmp_path: Path, name: str) -> None:
    impersonator = intercept.make(files, now=NOW, ids=IDS)
    context = context_for(impersonator, x509.DNSName(name), folder=tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(context, files, name=name)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_nor_any_address(files: TlsFiles, tmp_path: Path, address: str) -> None:
    impersonator = intercept.make(files, now=NOW, ids=IDS)
    context = context_for(impersonator, x509.IPAddress(ip_address(address)), folder=tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="excluded subtree violation"):
        handshake(context, files, name=address)


def test_a_second_verifier_judges_alike(files: TlsFiles) -> None:
    impersonator = intercept.make(files, now=NOW, ids=IDS)
    root, _ = tls.root(files)
    policy = PolicyBuilder().store(Store([root])).time(NOW)
    good, _ = impersonator.certify(HOSTS[0], now=NOW, ids=IDS)
    policy.build_server_verifier(x509.DNSName(HOSTS[0])).verify(good, [impersonator.certificate])
    bad, _ = impersonator.certify("example.com", now=NOW, ids=IDS)
    with pytest.raises(VerificationError):
        policy.build_server_verifier(x509.DNSName("example.com")).verify(bad, [impersonator.certificate])


def test_the_authority_says_what_it_is_for_and_lasts_one_run(files: TlsFiles) -> None:
    before = {path.name: path.read_bytes() for path in files.ca.parent.iterdir()}
    first, second = (intercept.make(files, now=NOW, ids=IDS) for _ in range(2))
    intercept.contexts(files, now=NOW, ids=IDS)
    assert {path.name: path.read_bytes() for path in files.ca.parent.iterdir()} == before
    assert first.certificate.public_key() != second.certificate.public_key()
    extensions = first.certificate.extensions
    constraints = extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.permitted_subtrees == [x509.DNSName(host) for host in HOSTS]
    basic = extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    usages = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_root_that_forbids_an_authority_below_it_is_named(files: TlsFiles) -> None:
    root, key = tls.root(files)
    old = (
        x509.CertificateBuilder(root.subject, root.subject, key.public_key(), 1, NOW, NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files.ca.write_bytes(old.public_bytes(Encoding.PEM))
    with pytest.raises(StartRefused, match="forbids any"):
        intercept.contexts(files, now=NOW, ids=IDS)
