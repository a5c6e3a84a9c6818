"""Bodies with a secret planted in them, one or more of each family."""

from __future__ import annotations

import base64
import json
import plistlib
from dataclasses import dataclass

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune.core.pki import scep, signed
from fauxtune.core.pki.cms import envelope
from tests.support.authorities import Authorities
from tests.support.certificates import make_pfx
from tests.support.decoded import WIRE

SECRET = "Zwetschgen-7f3Qx9mK2v"


@dataclass(frozen=True)
class Planted:
    """A body with secrets in it."""

    name: str
    body: bytes
    media_type: str
    secrets: tuple[str | bytes, ...]
    path: str = "/"
    query: str = ""


def planted_secrets(key: rsa.RSAPrivateKey, certificate: x509.Certificate, authorities: Authorities) -> list[Planted]:
    """Return the bodies. `certificate` is that of the key, which is one of the secrets."""
    pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    pkcs1 = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pfx = make_pfx(key, certificate, password=SECRET)
    profile = _profile(pfx)
    return [
        *_json(pfx, pem),
        *_windows(pfx),
        *_apple(profile, key=key, certificate=certificate),
        *_forms(),
        *_keys(pkcs8, pkcs1, pem=pem, pfx=pfx),
        *_requests(key, certificate, authorities),
    ]


def _json(pfx: bytes, pem: bytes) -> list[Planted]:
    token = (
        f"eyJhbGciOiJSUzI1NiJ9.{_url64(json.dumps({'upn': 'alice', 'nonce': 'x'}).encode())}.{_url64(SECRET.encode())}"
    )
    documents: dict[str, object] = {
        "user": {
            "displayName": "Alice",
            "passwordProfile": {"password": SECRET, "forceChangePasswordNextSignIn": True},
        },
        "application": {"passwordCredentials": [{"secretText": SECRET, "keyId": "1"}]},
        "enrolment": {"enrollmentToken": SECRET, "mode": "work-profile"},
        "policy": {"keyPairs": [{"alias": "a", "pkcs12": _64(pfx), "encryptedPassword": _64(SECRET.encode())}]},
        "import": {"thumbprint": "aa", "encryptedPfxBlob": _64(pfx), "encryptedPfxPassword": _64(SECRET.encode())},
        "token": {"token_type": "Bearer", "access_token": token, "refresh_token": SECRET, "id_token": token},
        "setting": {"omaUri": "./Vendor/MSFT/WiFi/x/Password", "value": SECRET},
        "pair": [{"name": "client_secret", "value": SECRET}],
        "unknown name": {"anything": _64(pfx), "other": pem.decode(), "third": f"see token={SECRET}"},
        "json in json": {"body": json.dumps({"password": SECRET})},
        "form in json": {"body": f"grant_type=password&password={SECRET}"},
        "base64 of a form": {"payload": _64(f"password={SECRET}".encode())},
        "address": {"url": f"https://h/mdm/t/apple/enroll?token={SECRET}", "push": f"https://h/push/t/{SECRET}"},
        "header in json": {"headers": {"Authorization": f"Bearer {SECRET}", "Cookie": f"a={SECRET}"}},
        "header in text": {"message": f"The header Authorization: Bearer {SECRET} is not valid."},
        "key": {"kty": "RSA", "n": "abc", "d": SECRET, "p": SECRET},
        "mentioned again": {"secret": SECRET, "comment": f"you wrote {SECRET} twice", SECRET: 1},
        "action": {"metadata": {"type": "RESET_PASSWORD", "newPassword": SECRET}},
        "nested": {"credentials": {"deep": [{"deeper": {"x": SECRET}}]}},
        "text for an object": {"passwordProfile": SECRET},
        "escaped": {"pass\u0077ord": SECRET},
    }
    planted = [
        Planted(f"JSON: {name}", json.dumps(document).encode(), "application/json", (SECRET, pfx, pem))
        for name, document in documents.items()
    ]
    ran = {"id": "1", "run": 1, "results": [{"exitCode": 0, "output": SECRET, "error": f"{SECRET}!"}]}
    ordered = {"id": "1", "run": 1, "name": "x", "kind": "shell", "content": _64(SECRET.encode())}
    planted += [
        Planted(
            f"Agent: {name}", json.dumps(document).encode(), "application/json", (SECRET,), path="/mdm/contoso/agent"
        )
        for name, document in {"report": {"scripts": [ran]}, "order": {"scripts": [ordered]}}.items()
    ]
    batch = {
        "requests": [
            {"id": "1", "method": "GET", "url": f"/users?token={SECRET}"},
            {
                "id": "2",
                "method": "POST",
                "url": "/users",
                "headers": {"Content-Type": "application/json", "Authorization": f"Bearer {SECRET}"},
                "body": documents["user"],
            },
        ]
    }
    return [
        *planted,
        Planted("batch", json.dumps(batch).encode(), "application/json", (SECRET,), path="/v1.0/$batch"),
        Planted("JSON in UTF-16", json.dumps(documents["user"]).encode("utf-16"), "application/json", (SECRET,)),
    ]


def _windows(pfx: bytes) -> list[Planted]:
    install = (WIRE / "windows/server-session-install.xml").read_bytes()
    install = install.replace(b"Ynl0ZXMgb2YgYSBQS0NTIzEyIGZpbGU=", base64.b64encode(pfx))
    install = install.replace(b"Ynl0ZXMgb2YgYSBDTVMgRW52ZWxvcGVkRGF0YQ==", SECRET.encode())
    password = (WIRE / "windows/device-token-password.xml").read_bytes().replace(b"Pa55 &amp; word", SECRET.encode())
    token = (
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><o:Security xmlns:o="urn:o">'
        b'<o:BinarySecurityToken ValueType="http://x/Enrollment/DeviceEnrollmentUserToken">%b</o:BinarySecurityToken>'
        b"</o:Security></s:Header><s:Body/></s:Envelope>" % base64.b64encode(SECRET.encode())
    )
    document = b'<wap-provisioningdoc><parm name="AAUTHSECRET" value="%b"/></wap-provisioningdoc>' % SECRET.encode()
    push = (
        b'<wap-provisioningdoc><parm name="PFN" value="https://h/push/t/%b"/></wap-provisioningdoc>' % SECRET.encode()
    )
    credential = (
        b"<SyncML><SyncHdr><SessionID>1</SessionID><MsgID>1</MsgID><Cred><Data>%b</Data></Cred></SyncHdr>"
        b"<SyncBody><Replace><CmdID>1</CmdID><Item><Source><LocURI>./x/Pass%%77ord</LocURI></Source><Data>%b</Data>"
        b"</Item></Replace></SyncBody></SyncML>"
    ) % (SECRET.encode(), SECRET.encode())
    unknown = b'<a><password v="%b"/><key>Token</key><string>%b</string><b secret="%b"/></a>' % ((SECRET.encode(),) * 3)
    soap, syncml = "application/soap+xml", "application/vnd.syncml.dm+xml"
    return [
        Planted("SyncML: PFX", install, syncml, (SECRET, pfx)),
        Planted("SyncML: credential", credential, syncml, (SECRET,)),
        Planted("SOAP: password", password, soap, (SECRET,)),
        Planted("SOAP: token", token, soap, (SECRET,)),
        Planted("provisioning: secret", document, "text/xml", (SECRET,)),
        Planted("provisioning: push address", push, "text/xml", (SECRET,)),
        Planted("XML", unknown, "text/xml", (SECRET,)),
        Planted("XML in UTF-16", unknown.decode().encode("utf-16"), "text/xml", (SECRET,)),
    ]


def _profile(pfx: bytes) -> bytes:
    payloads = [
        {"PayloadType": "com.apple.security.pkcs12", "Password": SECRET, "PayloadContent": pfx},
        {
            "PayloadType": "com.apple.security.scep",
            "PayloadContent": {"Challenge": SECRET, "URL": f"https://h/?token={SECRET}"},
        },
        {"PayloadType": "com.apple.wifi.managed", "Password": SECRET.encode()},
    ]
    return plistlib.dumps({"PayloadType": "Configuration", "PayloadDisplayName": "Profile", "PayloadContent": payloads})


def _apple(profile: bytes, *, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> list[Planted]:
    update = {
        "MessageType": "TokenUpdate",
        "UDID": "1",
        "Token": SECRET.encode(),
        "PushMagic": SECRET,
        "UnlockToken": SECRET.encode(),
        "BootstrapToken": SECRET.encode(),
    }
    command = {"CommandUUID": "1", "Command": {"RequestType": "InstallProfile", "Payload": profile}}
    lock = {"CommandUUID": "1", "Command": {"RequestType": "EraseDevice", "PIN": SECRET}}
    signed_profile = signed.sign(profile, certificate=certificate, key=key)
    mdm, config = "application/x-apple-aspen-mdm", "application/x-apple-aspen-config"
    return [
        Planted("plist: TokenUpdate", plistlib.dumps(update), mdm, (SECRET,)),
        Planted("plist: binary", plistlib.dumps(update, fmt=plistlib.FMT_BINARY), mdm, (SECRET,)),
        Planted("plist: command", plistlib.dumps(command), mdm, (SECRET,)),
        Planted("plist: PIN", plistlib.dumps(lock), mdm, (SECRET,)),
        Planted("profile", profile, config, (SECRET,)),
        Planted("profile: signed", signed_profile, config, (SECRET,)),
        Planted("CMS of a secret", signed.sign(SECRET.encode(), certificate=certificate, key=key), "", (SECRET,)),
    ]


def _forms() -> list[Planted]:
    form = "application/x-www-form-urlencoded"
    names = ["client_secret", "password", "assertion", "client_assertion", "refresh_token", "code", "code_verifier"]
    return [
        Planted(f"form: {name}", f"grant_type=x&client_id=app&{name}={SECRET}&scope=s".encode(), form, (SECRET,))
        for name in [*names, "device_code", "pass%77ord", "x.password[0]"]
    ]


def _keys(pkcs8: bytes, pkcs1: bytes, *, pem: bytes, pfx: bytes) -> list[Planted]:
    octets = "application/octet-stream"
    return [
        Planted("PKCS#8", pkcs8, octets, (pkcs8[40:], pkcs8[26:60])),
        Planted("PKCS#1", pkcs1, octets, (pkcs1[40:],)),
        Planted("PEM", pem, "application/x-pem-file", (pem[60:], pkcs8[40:])),
        Planted("PFX", pfx, "application/x-pkcs12", (pfx[20:],)),
        Planted("text", f"my password is {SECRET}".encode(), "text/plain", (SECRET,)),
        Planted("bytes", b"\x00\xff" + SECRET.encode() + b"\xfe", octets, (SECRET,)),
        Planted("page", f"<html><input name=wresult value='{SECRET}'></html>".encode(), "text/html", (SECRET,)),
    ]


def _requests(key: rsa.RSAPrivateKey, certificate: x509.Certificate, authorities: Authorities) -> list[Planted]:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "phone")])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, SECRET.encode())
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    attributes = {
        "2.16.840.1.113733.1.9.2": core.PrintableString("19"),
        "2.16.840.1.113733.1.9.7": core.PrintableString("transaction"),
        "2.16.840.1.113733.1.9.5": core.OctetString(b"1" * 16),
    }
    message = signed.sign(
        envelope(request, authorities.devices.certificate), certificate=certificate, key=key, attributes=attributes
    )
    assert scep.message_from_query(_64(message)) == message
    return [
        Planted("request with a challenge", request, "application/pkcs10", (SECRET,)),
        Planted("SCEP", message, "application/x-pki-message", (SECRET,)),
        Planted("query", b"", "", (SECRET,), query=f"operation=PKIOperation&message={_64(SECRET.encode())}"),
    ]


def _64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
