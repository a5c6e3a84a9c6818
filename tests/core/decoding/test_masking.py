"""What is secret by its name, by its neighbour, and by what it is."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune.core.formats.secret_names import HARMLESS, WHOLE, WORDS, secret_kind
from fauxtune_wire.decoding.masking import Masking, mask_text
from tests.support.certificates import make_pfx, self_signed

OPENAPI = Path(__file__).resolve().parents[3] / "openapi"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("client_secret", "secret"),
        ("clientSecret", "secret"),
        ("Client-Secret", "secret"),
        ("encryptedPassword", "password"),
        ("PFXCertPassword", "password"),
        ("PFXCertBlob", "PKCS#12 file"),
        ("encryptedPfxBlob", "PKCS#12 file"),
        ("pkcs12", "PKCS#12 file"),
        ("UnlockToken", "token"),
        ("BootstrapToken", "token"),
        ("PushMagic", "push magic"),
        ("Challenge", "challenge"),
        ("deviceCredential", "credential"),
        ("macOsUnlockCode", "unlock code"),
        ("activationLockBypassCode", "code"),
        ("PIN", "PIN"),
        ("{urn:wsse}Password", "password"),
        ("passwordPolicies", None),
        ("tokenType", None),
        ("RequestSecurityToken", None),
        ("displayName", None),
        ("code", None),
    ],
)
def test_a_name_says_what_its_value_is(name: str, kind: str | None) -> None:
    assert secret_kind(name) == kind


def test_harmless_names_are_an_exception_each() -> None:
    """A name that no word makes secret would be an exception to nothing."""
    for name in HARMLESS:
        assert name in WHOLE or any(word in name for word in WORDS), name


#: Names in the documents of our own surfaces that hold one of the words, and whose values people may see. Whoever adds
#: a member to a surface decides here whether it is a secret.
OPEN_IN_OUR_DOCUMENTS = {
    "appleCareToken",
    "bootstrapTokenEscrowed",
    "choosePrivateKeyRules",
    "client_assertion_type",
    "derivedCredentialProvider",
    "derivedCredentialUrl",
    "forceChangePasswordNextSignIn",
    "forceChangePasswordNextSignInWithMfa",
    "lastPasswordChangeDateTime",
    "maximumDepTokens",
    "passwordNotificationWindowInDays",
    "passwordPolicies",
    "passwordProfile",
    "passwordValidityPeriodInDays",
    "skiptoken",
    "tokenType",
    "token_type",
}


def test_each_member_of_our_documents_that_sounds_secret_is_masked_or_known_to_be_open() -> None:
    members: dict[str, set[str]] = {}
    for file in OPENAPI.glob("*.json"):
        _collect(json.loads(file.read_text(encoding="utf-8")), members)
    words = ("password", "secret", "token", "credential", "private", "pfx", "pkcs12", "passcode", "unlock", "pin")
    suspicious = {name for name, kinds in members.items() if _sounds(name, words) and kinds & {"string", "?"}}
    assert suspicious, "the documents have secrets in them"
    assert {name for name in suspicious if secret_kind(name, in_form=True) is None} <= OPEN_IN_OUR_DOCUMENTS


def test_a_file_under_a_harmless_name_is_named_by_what_it_is(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    key = raw_rsa_keys[0]
    pfx = make_pfx(key, self_signed(key, "Alice"), password="x")
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    documents = {"a": base64.b64encode(pfx).decode(), "b": base64.urlsafe_b64encode(der).decode(), "c": pem, "d": pfx}
    assert Masking().document(documents) == {
        "a": f"[not shown: PKCS#12 file, {len(pfx):,} bytes]",
        "b": f"[not shown: private key, {len(der):,} bytes]",
        "c": "[not shown: private key]\n",
        "d": f"[PKCS#12 file, {len(pfx):,} bytes]",
    }


def test_what_people_need_stays() -> None:
    document = {
        "id": "c0ffee00-0000-4000-8000-000000000001",
        "thumbprint": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "name": "enterprises/c0ffee00-0000-4000-8000-000000000001/devices/d0d0d0d0-0000-4000-8000-000000000001",
        "node": "./Device/Vendor/MSFT/RootCATrustedCertificates/Root/A915185A24CB1D43056762F39CB7513171A084A8/Encoded",
        "link": "https://localhost/beta/users?$top=5&$skiptoken=abc",
        "sentence": "Basic constraints, bearer of news: the token has expired.",
        "passwordProfile": {"forceChangePasswordNextSignIn": True},
        "passwordMinimumLength": 8,
        "secret": "",
        "pin": None,
        "numbers": [1, 2.5, True],
    }
    assert Masking().document(document) == document


def test_a_number_is_a_secret_where_its_name_ends_like_one() -> None:
    document = {"pin": 1234, "newPasscode": 9876, "passwordLength": 8, "credentials": {"a": 1}}
    assert Masking().document(document) == {
        "pin": "[not shown: PIN]",
        "newPasscode": "[not shown: passcode]",
        "passwordLength": 8,
        "credentials": {"a": "[not shown: credential]"},
    }


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password: abc def", "password: [not shown: password]"),
        ("a=1, client_secret=abc", "a=1, client_secret=[not shown: secret]"),
        ('{"token": "abc"}', '{"token": [not shown: token]'),
        ("<Password>abc</Password>", "<Password>[not shown: password]"),
        ("&lt;Password&gt;abc", "&lt;Password&gt;[not shown: password]"),
        ("https://bob:abc@host/x", "https://[not shown: credential]@host/x"),
        ("Authorization: Basic YWxpY2U6eA==", "Authorization: [not shown: credential]"),
        ("got Bearer abc123def", "got Bearer [not shown: credential]"),
        ("A" * 100, "[100 characters]"),
        ("password = [not shown: password]", "password = [not shown: password]"),
        ("AADSTS7000215: Invalid client secret provided.", "AADSTS7000215: Invalid client secret provided."),
    ],
)
def test_a_sentence_ends_where_a_secret_would_follow(text: str, masked: str) -> None:
    assert mask_text(text) == masked


def _sounds(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in words[:-1]) or name.lower().endswith(words[-1])


def _collect(value: object, members: dict[str, set[str]]) -> None:
    """Collect the names of all properties with the types of their values."""
    if isinstance(value, dict):
        properties = value.get("properties")
        if isinstance(properties, dict):
            for name, schema in properties.items():
                kind = schema.get("type", "?") if isinstance(schema, dict) else "?"
                members.setdefault(name, set()).update([kind] if isinstance(kind, str) else kind)
        for each in value.values():
            _collect(each, members)
    elif isinstance(value, list):
        for each in value:
            _collect(each, members)
