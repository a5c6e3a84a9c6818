"""The pages for people: sign-in, device code, and messages. HTML without other files.

Everything that is not ours is escaped. Each page has a Content-Security-Policy that allows nothing but its own style,
its own script (by nonce), and forms to where they must go; no other page may frame it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

from fauxtune.storage.rows.directory import UserRow

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:3em auto;padding:0 1em;color:#1b1b1b}"
    "h1{font-size:1.4em}form{margin:1em 0}small{display:block;color:#555}"
    "button{display:block;width:100%;margin:.4em 0;padding:.6em;text-align:left;font:inherit;cursor:pointer}"
    "input{font:inherit;padding:.5em;width:100%;box-sizing:border-box}"
)
_SCRIPT = "document.forms[0].submit()"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _page(title: str, body: str, *, status: int = 200, forms_to: str = "'self'", script: bool = False) -> Response:
    policy = (
        f"default-src 'none'; style-src {_hash(_STYLE)}; form-action {forms_to}; base-uri 'none'; "
        f"frame-ancestors 'none'{f'; script-src {_hash(_SCRIPT)}' if script else ''}"
    )
    document = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
    return HTMLResponse(
        document,
        status,
        headers={
            "content-security-policy": policy,
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
        },
    )


def message_page(title: str, text: str, *, status: int = 200) -> Response:
    """Return a page with a message."""
    return _page(title, f"<p>{escape(text)}</p>", status=status)


def users_page(application: str, users: list[UserRow], *, ticket: str, forms_to: str, asks: bool = False) -> Response:
    """Return the page on which a user is picked by one click; users who are not listed can be named. `ticket`: the
    request that the click answers; `asks`: whether the user's password is asked for.
    """
    hidden = f'<input type="hidden" name="ticket" value="{escape(ticket)}">'
    password = '<label>Password <input type="password" name="password" required></label>' if asks else ""
    how = "enter the password, and click" if asks else "click"
    buttons = "".join(_user_button(user.document, key=user.id) for user in users)
    body = (
        f"<p>to <strong>{escape(application)}</strong>. This is an emulator: {how} on the user who signs in.</p>"
        f'<form method="post">{hidden}{password}{buttons}</form>'
        f'<form method="post">{hidden}<label>Another user <input name="user" placeholder="name@domain" required>'
        f"</label>{password}<button>Sign in</button></form>"
        f'<form method="post">{hidden}<button name="decline" value="1">Cancel</button></form>'
    )
    return _page("Sign in", body, forms_to=f"'self' {forms_to}".strip())


def _user_button(document: Mapping[str, Any], *, key: str) -> str:
    name, upn = str(document.get("displayName") or ""), str(document["userPrincipalName"])
    return f'<button name="user" value="{escape(key)}">{escape(name)}<small>{escape(upn)}</small></button>'


def device_code_page(problem: str = "") -> Response:
    """Return the page on which the code of a device is typed in."""
    body = (
        f"{f'<p><strong>{escape(problem)}</strong></p>' if problem else ''}"
        '<form method="get"><label>The code that your app or device shows'
        '<input name="user_code" autocomplete="off" autofocus required maxlength="32"></label>'
        "<button>Next</button></form>"
    )
    return _page("Enter code", body, status=400 if problem else 200)


def posting_page(target: str, fields: Mapping[str, str], *, forms_to: str) -> Response:
    """Return a form that posts itself, by a script or a button (OAuth 2.0 Form Post Response Mode)."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
    body = (
        f'<form method="post" action="{escape(target)}">{inputs}<noscript><button>Continue</button></noscript></form>'
        f"<script>{_SCRIPT}</script>"
    )
    return _page("Working...", body, forms_to=forms_to, script=True)
