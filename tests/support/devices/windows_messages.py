"""The messages of Windows devices, written by hand: SOAP envelopes and SyncML messages as templates."""

from __future__ import annotations

import base64
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

DISC = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
POL = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
ENR = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
TRUST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
USER_TOKEN = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken"
JWT = "urn:ietf:params:oauth:token-type:jwt"
MESSAGE_ID = "urn:uuid:748132ec-a575-4329-b01b-6171a9cf8478"
#: OID 1.3.6.1.4.1.311.66.1.0: its value is plain ASCII, no DER.
PRIVATE = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.311.66.1.0"), b"7F6C1FC2-0C4B-4D0C-9A5B")


def envelope(action: str, body: str, *, security: str = "") -> bytes:
    header = (
        f'<a:Action s:mustUnderstand="1">{action}</a:Action><a:MessageID>\n{MESSAGE_ID}\n</a:MessageID>'
        "<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>"
        '<a:To s:mustUnderstand="1">https://localhost/</a:To>'
    )
    secured = f'<wsse:Security s:mustUnderstand="1">{security}</wsse:Security>' if security else ""
    return (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        f'xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:wsse="{WSSE}" xmlns:wst="{TRUST}" '
        'xmlns:ac="http://schemas.xmlsoap.org/ws/2006/12/authorization">'
        f"<s:Header>{header}{secured}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def discover(
    email: str = "alice@contoso.example",
    *,
    policies: tuple[str, ...] = ("OnPremise", "Federated"),
    version: str = "5.0",
    device: str = "CIMClient_Windows",
) -> bytes:
    listed = "".join(f"<AuthPolicy>{policy}</AuthPolicy>" for policy in policies)
    body = (
        f'<Discover xmlns="{DISC}/"><request xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
        f"<EmailAddress>{email}</EmailAddress><RequestVersion>{version}</RequestVersion>"
        f"<DeviceType>{device}</DeviceType><ApplicationVersion>10.0.19045.3803</ApplicationVersion>"
        f"<OSEdition>4</OSEdition><AuthPolicies>{listed}</AuthPolicies></request></Discover>"
    )
    return envelope(f"{DISC}/IDiscoveryService/Discover", body)


def by_password(name: str, password: str) -> str:
    return (
        f"<wsse:UsernameToken><wsse:Username>{escape(name)}</wsse:Username>"
        f'<wsse:Password Type="{WSSE}#PasswordText">{escape(password)}</wsse:Password></wsse:UsernameToken>'
    )


def by_token(token: str, *, kind: str = USER_TOKEN, packed: str | None = None) -> str:
    text = base64.b64encode(token.encode()).decode() if packed is None else packed
    return (
        f'<wsse:BinarySecurityToken ValueType="{kind}" EncodingType="{WSSE}#base64binary">'
        f"\n{text}\n</wsse:BinarySecurityToken>"
    )


def get_policies(security: str) -> bytes:
    body = (
        f'<GetPolicies xmlns="{POL}"><client><lastUpdate/><preferredLanguage/></client><requestFilter/></GetPolicies>'
    )
    return envelope(f"{POL}/IPolicy/GetPolicies", body, security=security)


def certificate_request(key: rsa.RSAPrivateKey) -> bytes:
    """Return a certificate request as Windows writes it: with an extension whose value is no DER."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "7F6C1FC2!0C4B4D0C9A5B")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject).add_extension(PRIVATE, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def request_token(
    csr: bytes, items: list[tuple[str, str]], *, security: str, kind: str = "Issue", packed: str | None = None
) -> bytes:
    """Return a RequestSecurityToken: the certificate request is broken into lines, values are padded."""
    context = "".join(
        f'<ac:ContextItem Name="{name}"><ac:Value>\n      {escape(value)}\n   </ac:Value></ac:ContextItem>'
        for name, value in items
    )
    form = "PKCS7" if kind == "Renew" else "PKCS10"
    text = base64.encodebytes(csr).decode() if packed is None else packed
    body = (
        "<wst:RequestSecurityToken><wst:TokenType>http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/"
        f"DeviceEnrollmentToken</wst:TokenType><wst:RequestType>{TRUST}/{kind}</wst:RequestType>"
        f'<wsse:BinarySecurityToken ValueType="{ENR}#{form}" EncodingType="{WSSE}#base64binary">'
        f"{text}</wsse:BinarySecurityToken>"
        f"<ac:AdditionalContext>{context}</ac:AdditionalContext></wst:RequestSecurityToken>"
    )
    return envelope(f"{ENR}/RST/wstep", body, security=security)


def sync(session: str, number: int, body: str, *, source: str, largest: int | None = None, final: bool = True) -> bytes:
    meta = "" if largest is None else f'<Meta><MaxMsgSize xmlns="syncml:metinf">{largest}</MaxMsgSize></Meta>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD>'
        f"<VerProto>DM/1.2</VerProto><SessionID>{session}</SessionID><MsgID>{number}</MsgID>"
        "<Target><LocURI>https://localhost:8443/ManagementServer/MDM.svc</LocURI></Target>"
        f"<Source><LocURI>{escape(source)}</LocURI></Source>{meta}</SyncHdr><SyncBody>{body}"
        f"{'<Final/>' if final else ''}</SyncBody></SyncML>"
    ).encode()


def opening(*, login: str | None = "user", alert: str = "1201", more: str = "") -> str:
    """Return the body of message 1."""
    status = (
        "<Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns='syncml:metinf'>com.microsoft/MDM/LoginStatus"
        f"</Type></Meta><Data>{login}</Data></Item></Alert>"
    )
    info = "".join(
        f"<Item><Source><LocURI>./DevInfo/{name}</LocURI></Source><Data>{value}</Data></Item>"
        for name, value in (("DevId", "x"), ("Man", "Contoso"), ("Mod", "Tablet"), ("DmV", "1.3"), ("Lang", "en-US"))
    )
    return (
        f"<Alert><CmdID>2</CmdID><Data>{alert}</Data></Alert>{'' if login is None else status}{more}"
        f"<Replace><CmdID>9</CmdID>{info}</Replace>"
    )


#: Microsoft's samples have a blank before the type.
UNENROLLED = (
    "<Alert><CmdID>4</CmdID><Data>1226</Data><Item><Meta><Type xmlns='syncml:metinf'> com.microsoft:mdm.unenrollment."
    "userrequest</Type><Format xmlns='syncml:metinf'>int</Format></Meta><Data>1</Data></Item></Alert>"
)


def status(number: int, *, message: int, command: str, name: str, code: int) -> str:
    return (
        f"<Status><CmdID>{number}</CmdID><MsgRef>{message}</MsgRef><CmdRef>{command}</CmdRef><Cmd>{name}</Cmd>"
        f"<Data>{code}</Data></Status>"
    )


def results(number: int, *, message: int, command: str, uri: str, data: str) -> str:
    return (
        f"<Results><CmdID>{number}</CmdID><MsgRef>{message}</MsgRef><CmdRef>{command}</CmdRef><Item><Source><LocURI>"
        f"{escape(uri)}</LocURI></Source><Data>{escape(data)}</Data></Item></Results>"
    )
