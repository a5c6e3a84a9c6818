"""The page on which a user signs in to enrol a device (AuthPolicy Federated). MS-MDE2 3.2.

The device opens it with `appru` (the address that gets the token) and `login_hint`. After name and password the page
posts the hidden field `wresult`, an enrolment token, to `appru`; the device puts it into a BinarySecurityToken.
"""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, Response

from fauxtune.core.errors import Invalid

#: Addresses that may get a token: Windows' broker, or a simulator of it on the same machine.
_RETURNS = re.compile(
    r"ms-app://[A-Za-z0-9.-]+/?|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?/[A-Za-z0-9/._-]*"
)
#: Limits of the page's form.
_LARGEST_FORM, _MOST_FIELDS = 64 * 1024, 20
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:28em;margin:3em auto;padding:0 1em;color:#1b1b1b}"
    "label,button{display:block;width:100%;margin:.6em 0;font:inherit}"
    "input{font:inherit;padding:.5em;width:100%;box-sizing:border-box}"
)
_SCRIPT = "document.forms[0].submit()"


def return_address(text: str) -> str:
    """Return the address that gets the token. Raises Invalid for any address that is not on the device itself."""
    if not _RETURNS.fullmatch(text):
        raise Invalid("appru must be the address of the device's own broker: ms-app://..., or an address on localhost.")
    return text


def form(body: bytes) -> dict[str, str]:
    """Return the fields of the page's form. Raises Invalid for a body that the page does not send."""
    try:
        if len(body) > _LARGEST_FORM:
            raise ValueError(f"it has more than {_LARGEST_FORM // 1024} KiB")
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Invalid(f"This is not the form of the sign-in page: {error}.") from None
    return {name: values[0] for name, values in fields.items()}


def credentials_page(*, returns: str, name: str, problem: str = "") -> Response:
    """Return the page that asks for name and password; `problem` says why the last attempt failed."""
    notice = f"<p><strong>{escape(problem)}</strong></p>" if problem else ""
    body = (
        f"{notice}<p>to enrol this device with an emulator.</p>"
        f'<form method="post"><input type="hidden" name="appru" value="{escape(returns)}">'
        f'<label>User <input name="login" value="{escape(name)}" autocomplete="username" required></label>'
        '<label>Password <input name="password" type="password" required></label><button>Sign in</button></form>'
    )
    return _page(body, status=401 if problem else 200, forms_to="'self'")


def token_page(token: str, *, returns: str) -> Response:
    """Return the page that posts the token to the device, by a script or a button."""
    body = (
        f'<form method="post" action="{escape(returns)}"><input type="hidden" name="wresult" value="{escape(token)}">'
        f"<noscript><button>Continue</button></noscript></form><script>{_SCRIPT}</script>"
    )
    return _page(body, forms_to="ms-app:" if returns.startswith("ms-app:") else returns, script=True)


def _page(body: str, *, forms_to: str, status: int = 200, script: bool = False) -> Response:
    policy = f"default-src 'none'; style-src {_hash(_STYLE)}; form-action {forms_to}; frame-ancestors 'none'"
    policy += f"; base-uri 'none'{f'; script-src {_hash(_SCRIPT)}' if script else ''}"
    document = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>'
        f"<style>{_STYLE}</style></head><body><h1>Sign in</h1>{body}</body></html>"
    )
    headers = {"content-security-policy": policy, "cache-control": "no-store", "x-content-type-options": "nosniff"}
    return HTMLResponse(document, status, headers=headers)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
