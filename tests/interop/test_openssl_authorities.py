"""OpenSSL against a CA that changes: a rollover, other times than today, a delegated responder, off line and back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.running_server import Running

pytestmark = pytest.mark.program("openssl")

CHAIN = ("-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuers.pem")
#: A moment of the tenant's clock, far from the system's.
LATER = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Desk:
    """A tenant of the test's own, its CA, and the folder in which OpenSSL looks for files."""

    tenant: httpx.Client
    folder: Path

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.tenant.post(path, json=body).raise_for_status().json()
        return answer

    def issue(self, file: str) -> str:
        """A certificate from the counter, in a file; its serial number."""
        answer = self.post("certificates", template="SmimeSigning", subject=f"CN={file}", email="a@b.example")
        (self.folder / f"{file}.pem").write_text(answer["certificate"])
        return str(answer["serial"])

    def authorities(self) -> dict[str, dict[str, Any]]:
        entries = self.tenant.get("authorities").raise_for_status().json()["value"]
        return {entry["name"]: entry for entry in entries}

    def write(self) -> None:
        """The root, each authority that issues, and all their CRLs, fetched now."""
        by_key = {name: authority for name, authority in self.authorities().items() if authority["role"] != "devices"}
        for name, each in by_key.items():
            (self.folder / f"{name}.pem").write_text(each["certificate"])
        issuers = "".join(each["certificate"] for name, each in by_key.items() if name != "root")
        (self.folder / "issuers.pem").write_text(issuers)
        crls = [httpx.get(each["crlUrl"]).raise_for_status().content for each in by_key.values()]
        pem = b"".join(x509.load_der_x509_crl(crl).public_bytes(Encoding.PEM) for crl in crls)
        (self.folder / "crls.pem").write_bytes(pem)

    def judge(self, openssl: Any, file: str, *, at: datetime | None = None, fails: bool = False) -> str:
        when = () if at is None else ("-attime", str(int(at.timestamp())))
        checks = ("-crl_check_all", "-CRLfile", "crls.pem", *when, f"{file}.pem")
        return str(openssl("verify", *CHAIN, *checks, fails=fails).decode())

    def ask(self, file: str, *, issuer: str, at: datetime | None = None, fails: bool = False) -> str:
        """What `openssl ocsp` says, with a nonce; with `at`, under faketime, for it looks at the system's clock."""
        url = self.authorities()[issuer]["ocspUrl"]
        question = ("-issuer", f"{issuer}.pem", "-cert", f"{file}.pem", "-nonce", "-url", url, "-CAfile", "root.pem")
        faked = () if at is None else ("faketime", f"{at:%Y-%m-%d %H:%M:%S}")
        done = subprocess.run(
            [*faked, "openssl", "ocsp", *question, "-verify_other", "issuers.pem", "-resp_text"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TZ": "UTC"},
        )
        words = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, words
        return words


@pytest.fixture
def desk(server: Running, tmp_path: Path) -> Iterator[Desk]:
    with server.client() as client:
        name = client.post("/_fauxtune/v1/tenants", json={"seed": "none"}).raise_for_status().json()["name"]
        base = f"{server.https}/_fauxtune/v1/tenants/{name}/"
        with httpx.Client(base_url=base, verify=server.trusting(), timeout=60) as tenant:
            yield Desk(tenant, tmp_path)


def test_after_a_rollover_both_keys_verify_and_each_list_rules_its_own(desk: Desk, openssl: Any) -> None:
    old, _ = desk.issue("old"), desk.issue("old-too")
    desk.post("authorities/issuing/rollover")
    new, _ = desk.issue("new"), desk.issue("new-too")
    desk.write()
    for file in ("old", "old-too", "new", "new-too"):
        assert f"{file}.pem: OK" in desk.judge(openssl, file)
    for serial in (old, new):
        desk.post(f"certificates/{serial}/revoke", reason="superseded")
    desk.write()
    for file in ("old-too", "new-too"):
        assert f"{file}.pem: OK" in desk.judge(openssl, file)
    for file in ("old", "new"):
        assert "certificate revoked" in desk.judge(openssl, file, fails=True)
    for file, issuer, status in (
        ("old", "issuing", "revoked"),
        ("old-too", "issuing", "good"),
        ("new", "issuing-2", "revoked"),
        ("new-too", "issuing-2", "good"),
    ):
        result = desk.ask(file, issuer=issuer)
        assert f"{file}.pem: {status}" in result
        assert "Response verify OK" in result


def test_lists_hold_at_the_tenants_time_and_at_no_other(desk: Desk, openssl: Any) -> None:
    desk.tenant.put("clock", json={"mode": "frozen", "now": LATER.isoformat()}).raise_for_status()
    serial = desk.issue("later")
    desk.write()
    assert "later.pem: OK" in desk.judge(openssl, "later", at=LATER)
    assert "not yet valid" in desk.judge(openssl, "later", fails=True)
    desk.post(f"certificates/{serial}/revoke", reason="keyCompromise")
    desk.post("clock/advance", by="P8D")
    desk.write()
    at = datetime(2031, 5, 9, 12, 0, tzinfo=UTC)
    assert "certificate revoked" in desk.judge(openssl, "later", at=at, fails=True)
    assert "CRL is not yet valid" in desk.judge(openssl, "later", at=LATER, fails=True)


@pytest.mark.program("faketime", package="faketime")
def test_the_delegated_responder_is_believed_at_any_time_and_renewed_by_itself(desk: Desk) -> None:
    desk.tenant.put("clock", json={"mode": "frozen", "now": LATER.isoformat()}).raise_for_status()
    serial = desk.issue("later")
    desk.write()
    good = desk.ask("later", issuer="issuing", at=LATER)
    assert "later.pem: good" in good
    assert "Response verify OK" in good
    assert "OCSP Signing" in good
    assert "OCSP No Check" in good
    assert "WARNING" not in good
    desk.post("clock/advance", by="P60D")
    desk.post(f"certificates/{serial}/revoke", reason="affiliationChanged")
    revoked = desk.ask("later", issuer="issuing", at=datetime(2031, 6, 30, 12, 0, tzinfo=UTC))
    assert "later.pem: revoked" in revoked
    assert "Reason: affiliationChanged" in revoked
    assert "Response verify OK" in revoked
    assert "WARNING" not in revoked


def test_the_root_answers_for_the_authorities_below_it(desk: Desk) -> None:
    desk.post("authorities/issuing/rollover")
    desk.write()
    for name in ("issuing", "issuing-2"):
        result = desk.ask(name, issuer="root")
        assert f"{name}.pem: good" in result
        assert "Response verify OK" in result


def test_an_authority_off_line_answers_nobody_until_it_is_back(desk: Desk) -> None:
    desk.issue("user")
    desk.write()
    desk.tenant.patch("authorities/issuing", json={"state": "unavailable"}).raise_for_status()
    assert "503" in desk.ask("user", issuer="issuing", fails=True)
    desk.tenant.patch("authorities/issuing", json={"state": "available"}).raise_for_status()
    assert "user.pem: good" in desk.ask("user", issuer="issuing")


def test_a_certificate_on_hold_is_held_and_released(desk: Desk, openssl: Any) -> None:
    serial = desk.issue("user")
    desk.post(f"certificates/{serial}/revoke", reason="certificateHold")
    desk.write()
    assert "certificate revoked" in desk.judge(openssl, "user", fails=True)
    assert "Reason: certificateHold" in desk.ask("user", issuer="issuing")
    desk.post(f"certificates/{serial}/revoke", reason="removeFromCRL")
    desk.write()
    assert "user.pem: OK" in desk.judge(openssl, "user")
    assert "user.pem: good" in desk.ask("user", issuer="issuing")
