"""OpenSSL against the running CA: chain, CRL and OCSP, fetched from the addresses that stand in the certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID as Access

from tests.interop.programs import OpenSsl
from tests.support.running_server import Running

pytestmark = pytest.mark.program("openssl")
CONTROL = "/_fauxtune/v1/tenants/contoso/certificates"


def urls(certificate: x509.Certificate) -> dict[str, str]:
    """CRL, OCSP and issuer, as the certificate itself names them, on the port that this server really has."""
    extensions = certificate.extensions
    points = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    access = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    named = {each.access_method: each.access_location.value for each in access}
    assert points[0].full_name is not None
    return {
        "crl": points[0].full_name[0].value,
        "ocsp": named[Access.OCSP],
        "issuer": named[Access.CA_ISSUERS],
    }


@pytest.fixture
def issued(server: Running, tmp_path: Path) -> dict[str, Any]:
    """A certificate from the counter, with everything that is needed to judge it, as files in `tmp_path`."""
    with server.client() as client:
        body = {"template": "SmimeSigning", "userPrincipalName": "alice@contoso.example"}
        document: dict[str, Any] = client.post(CONTROL, json=body).raise_for_status().json()
    (tmp_path / "user.pem").write_text(document["certificate"])
    result = urls(x509.load_pem_x509_certificate(document["certificate"].encode()))
    der = httpx.get(result["issuer"]).raise_for_status().content
    issuing = x509.load_der_x509_certificate(der)
    root = x509.load_der_x509_certificate(httpx.get(urls(issuing)["issuer"]).raise_for_status().content)
    (tmp_path / "issuing.pem").write_bytes(issuing.public_bytes(Encoding.PEM))
    (tmp_path / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    return {**document, "urls": result, "root_crl": urls(issuing)["crl"]}


def write_crls(issued: dict[str, Any], folder: Path) -> None:
    """Both CRLs, fetched now."""
    crls = [httpx.get(url).raise_for_status().content for url in (issued["urls"]["crl"], issued["root_crl"])]
    pem = b"".join(x509.load_der_x509_crl(crl).public_bytes(Encoding.PEM) for crl in crls)
    (folder / "crls.pem").write_bytes(pem)


def revoke(server: Running, issued: dict[str, Any]) -> None:
    with server.client() as client:
        client.post(f"{CONTROL}/{issued['serial']}/revoke", json={"reason": "keyCompromise"}).raise_for_status()


CHAIN = ("-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuing.pem")


def test_the_chain_and_both_crls_are_accepted_until_the_certificate_is_revoked(
    server: Running, issued: dict[str, Any], openssl: OpenSsl, tmp_path: Path
) -> None:
    write_crls(issued, tmp_path)
    judge = ("verify", *CHAIN, "-crl_check_all", "-CRLfile", "crls.pem", "user.pem")
    assert b"user.pem: OK" in openssl(*judge)
    revoke(server, issued)
    write_crls(issued, tmp_path)
    assert b"certificate revoked" in openssl(*judge, fails=True)


def test_ocsp_says_good_and_then_revoked_with_the_reason(
    server: Running, issued: dict[str, Any], openssl: OpenSsl
) -> None:
    ask = ("ocsp", "-issuer", "issuing.pem", "-cert", "user.pem", "-url", issued["urls"]["ocsp"], "-CAfile", "root.pem")
    good = openssl(*ask)
    assert b"user.pem: good" in good
    revoke(server, issued)
    revoked = openssl(*ask)
    assert b"user.pem: revoked" in revoked
    assert b"Reason: keyCompromise" in revoked
