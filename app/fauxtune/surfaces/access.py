"""The guard of the surfaces that rule everything: the control surface and the console.

With a control token the caller must have it. Without one only loopback peers are answered, and only under a local name:
not a web page that lets another name point to this address (DNS rebinding), nor one that posts from another site.
Which tenant the password of a classroom's seat opens: `operations.tenants.seats`.
Sources: RFC 6454 7 (Origin) and W3C Fetch Metadata Request Headers 2.3 (Sec-Fetch-Site).
"""

from __future__ import annotations

import hmac
import ipaddress

from fastapi import Request

from fauxtune.core.errors import NotAllowed
from fauxtune.core.model.hosts import LOCAL_NAMES, NOTIFICATION, host_in


def is_token(sent: str, token: str) -> bool:
    """Whether the caller's token is the right one, compared in constant time. `sent`: as a header has it, Latin-1."""
    # Starlette reads header bytes as Latin-1; a token may be any text. An empty token is never accepted.
    return bool(sent) and hmac.compare_digest(sent.encode("latin-1", "replace"), token.encode())


def check_is_no_notification(request: Request) -> None:
    """Raise NotAllowed for what a server sends to an address that its client has named: it may be a stranger's."""
    if NOTIFICATION in request.headers:
        raise NotAllowed("A change notification may not call the control surface and the console.")


def check_local(request: Request) -> None:
    """Raise NotAllowed for a caller on another machine, under another name, or on behalf of another site's page."""
    peer = request.client.host if request.client is not None else ""
    hosts = request.headers.getlist("host")
    if not _is_loopback(peer) or len(hosts) != 1 or host_in(hosts[0]) not in LOCAL_NAMES:
        raise NotAllowed(
            "Without a control token the control surface and the console answer only this machine, under localhost, "
            "127.0.0.1 or [::1]. Set FAUXTUNE_CONTROL_TOKEN to reach them otherwise."
        )
    check_page(request)


def check_page(request: Request) -> None:
    """Raise NotAllowed for a request that a browser sends on behalf of another site's page."""
    # A browser sends the origin of a page that posts: only pages of this machine have access.
    for page in request.headers.getlist("origin"):
        if host_in(page.partition("://")[2].partition("/")[0]) not in LOCAL_NAMES:
            raise NotAllowed(f"Without a control token a page of {page} may not call the control surface.")
    # Fetch Metadata: browsers send it also with requests that carry no Origin, such as that for an image.
    if "cross-site" in request.headers.getlist("sec-fetch-site"):
        raise NotAllowed("Without a control token a page of another site may not call the control surface.")


def _is_loopback(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback if mapped is None else bool(mapped.is_loopback)
