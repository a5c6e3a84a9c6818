"""The names of what is never shown (members, fields, keys, elements, headers, parameters and nodes), and whether a
value of a name is a secret, with what stands in its place.

Names are compared in lower case and without anything but letters and digits: client_secret, clientSecret and
Client-Secret are one name. Sources: RFC 6749, OpenID Connect Core, RFC 8894 (SCEP), Apple "Device Management", Graph,
MS-MDE2 and the CSPs of Windows (ClientCertificateInstall, w7 APPLICATION, WiFi), and Fauxtune's own surfaces.
"""

from __future__ import annotations

import re

#: A name with one of these words in it is secret; with it stands what is said in place of the value. The first that
#: fits counts.
WORDS: dict[str, str] = {
    "privatekey": "private key",
    "pkcs12": "PKCS#12 file",
    "pfxblob": "PKCS#12 file",
    "pfxcertblob": "PKCS#12 file",
    "pfxfile": "PKCS#12 file",
    "pfxdata": "PKCS#12 file",
    "password": "password",
    "passwd": "password",
    "passphrase": "password",
    "bypasscode": "code",
    "passcode": "passcode",
    "kennwort": "password",
    "secret": "secret",
    "token": "token",
    "assertion": "assertion",
    "challenge": "challenge",
    "credential": "credential",
    "verifier": "code verifier",
    "devicecode": "code",
    "usercode": "code",
    "unlock": "unlock code",
    "pushmagic": "push magic",
    "apikey": "key",
    "accesskey": "key",
    "accountkey": "key",
    "sharedkey": "key",
    "recoverykey": "recovery key",
    "archivedefinition": "address with a signature",
    "nodekey": "key",
    "keymaterial": "key",
    "cookie": "cookie",
}

#: Names that are secret only as a whole.
WHOLE: dict[str, str] = {
    "authorization": "credential",
    "proxyauthorization": "credential",
    "pfx": "PKCS#12 file",
    "p12": "PKCS#12 file",
    "pwd": "password",
    "pass": "password",
    "pin": "PIN",
    "newpin": "PIN",
    "otp": "code",
    "psk": "key",
    "cred": "credential",
    "jwt": "token",
    "aauthdata": "nonce",
    "csrf": "token",
}

#: Parameters of a query and fields of a form that are secret, while a member of a JSON document of this name is not
#: (Graph's errors have a `code`).
IN_FORMS: dict[str, str] = {"code": "code", "key": "key", "sig": "signature", "wresult": "token", "wctx": "context"}

#: Headers whose names end so are secret: Ocp-Apim-Subscription-Key, x-functions-key.
ENDS_OF_HEADERS: dict[str, str] = {"key": "key", "signature": "signature", "hmac": "signature"}

#: Objects, of which the members are looked at; whoever writes a text in their place may have meant the secret.
OBJECTS: dict[str, str] = {"passwordprofile": "password"}

#: The numbers of a private JSON Web Key (RFC 7518 6.3.2), secret in an object with `kty`.
OF_KEYS = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})

#: Names with one of the words whose values are no secrets: kinds, addresses, policies, and objects whose own members
#: are looked at one by one.
HARMLESS = frozenset(
    {
        "clientassertiontype",
        "codechallengemethod",
        "codechallengemethodssupported",
        "credentialtype",
        "deltatoken",
        "derivedcredentialprovider",
        "derivedcredentialprovidertype",
        "derivedcredentialsettings",
        "derivedcredentialurl",
        "devicecodeendpoint",
        "getbootstraptoken",
        "gettoken",
        "idtokensigningalgvaluessupported",
        "lastpasswordchangedatetime",
        "maximumdeptokens",
        "nextpagetoken",
        "passcodepresent",
        "passcodecompliant",
        "passcodecompliantwithprofiles",
        "passwordnotificationwindowindays",
        "passwordpolicies",
        "passwordprofile",
        "passwordvalidityperiodindays",
        "pfxcertpasswordencryptiontype",
        "privatekeycontainer",
        "privatekeyattributes",
        "privatekeyflags",
        "chooseprivatekeyrules",
        "requestedsecuritytoken",
        "requestsecuritytoken",
        "requestsecuritytokenresponse",
        "requestsecuritytokenresponsecollection",
        "resetpasscodeactionresult",
        "secretreferencevalueid",
        "setbootstraptoken",
        "skiptoken",
        "tokenendpoint",
        "tokenendpointauthmethodssupported",
        "tokenendpointauthsigningalgvaluessupported",
        "tokenservicetype",
        "tokentype",
        "usernametoken",
    }
)

#: In an object that names its value by a member of the first kind ({"name": "password", "value": "..."}), the members
#: of the second kind are the value.
NAMING = frozenset(
    {"name", "key", "id", "displayname", "settingname", "field", "omauri", "locuri", "path", "parameter"}
)
NAMED = frozenset({"value", "values", "data", "newvalue", "oldvalue", "defaultvalue", "valuestring", "text", "content"})


_NOT_NAME = re.compile(r"[^a-z0-9]")
#: What stands in place of a secret.
HIDDEN = re.compile(r"\[not shown: [^\[\]]{1,60}\]")
_ENDS = tuple(WORDS)
#: Most words of a message have none of them: one search says so sooner than thirty.
_ANY = re.compile("|".join(WORDS))


def secret_kind(name: str, *, in_form: bool = False) -> str | None:
    """Return what a value of this name is ("password"), if it is not to be shown; else None."""
    plain = plain_name(name.rpartition("}")[2])
    if plain in WHOLE:
        return WHOLE[plain]
    if in_form and plain in IN_FORMS:
        return IN_FORMS[plain]
    if plain in HARMLESS or not _ANY.search(plain):
        return None
    return next((kind for word, kind in WORDS.items() if word in plain), None)


def not_shown(kind: str) -> str:
    """Write what stands in place of a secret."""
    return f"[not shown: {kind}]"


def is_hidden(text: str) -> bool:
    """Return whether the text is what stands in place of a secret."""
    return HIDDEN.fullmatch(text) is not None


def ends_like_secret(name: str) -> bool:
    """Return whether the last word of a name is that of a secret: of adminPassword, not of passwordMethods."""
    plain = plain_name(name)
    return plain not in HARMLESS and plain.endswith(_ENDS)


def plain_name(name: str) -> str:
    """Return a name in lower case, without anything but letters and digits."""
    return _NOT_NAME.sub("", name.lower())
