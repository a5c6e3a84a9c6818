"""The addresses to which a browser may be sent with a code, and the ways to do it. RFC 8252 7, RFC 9700 4.1, OAuth 2.0
Form Post Response Mode.

Allowed without registration, for nobody but the person's own machine or app is behind them: loopback addresses (with
any port and path), the native client's address (`https://login.microsoftonline.com/common/oauth2/nativeclient` and the
same here), and `msal{client id}://auth`. Any other https address must be among the application's redirectUris, letter
for letter. Everything else is refused with a page, never with a redirect: an emulator must not send anybody anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from starlette.responses import Response

from fauxtune.surfaces.identity import errors
from fauxtune.surfaces.identity.errors import Aadsts
from fauxtune.surfaces.identity.pages import posting_page

MODES = ("query", "fragment", "form_post")
#: The characters of RFC 3986, and a length that is enough for every client.
_LOOPBACK = re.compile(
    r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&'()*+,;=:@/%-]*)?"
    r"(\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?"
)
_LONGEST = 2048
_NATIVE = "/common/oauth2/nativeclient"


def check(uri: str, *, client_id: str, registered: list[str], origin: str) -> None:
    """Raise Aadsts for an address to which no code may be sent."""
    native = {f"https://login.microsoftonline.com{_NATIVE}", f"{origin}{_NATIVE}", f"msal{client_id}://auth"}
    if len(uri) <= _LONGEST and (_LOOPBACK.fullmatch(uri) or uri in native or uri in registered):
        return
    raise Aadsts(
        errors.REDIRECT_NOT_ALLOWED,
        f"The redirect URI '{uri[:200]}' specified in the request does not match the redirect URIs configured for the "
        f"application '{client_id}'. Loopback addresses need no configuration; an https address must be among the "
        "application's redirectUris.",
    )


def send(uri: str, parameters: Mapping[str, str], *, mode: str) -> Response:
    """Send the browser to a checked address with these parameters."""
    if mode == "form_post":
        return posting_page(uri, parameters, forms_to=source(uri))
    mark = "#" if mode == "fragment" else "&" if urlsplit(uri).query else "?"
    location = f"{uri.removesuffix('?') if mark == '?' else uri}{mark}{urlencode(parameters)}"
    headers = {"location": location, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(status_code=302, headers=headers)


def source(uri: str) -> str:
    """Return the address for Content-Security-Policy; browsers apply it to forms even after a redirect."""
    parts = urlsplit(uri)
    # CSP knows no IPv6 addresses, and of an app's own scheme only the scheme.
    if parts.scheme not in {"http", "https"} or parts.netloc.startswith("["):
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{parts.netloc}"
