"""Host names in the form in which they are compared: lower case, without a port, IPv6 addresses without brackets.

RFC 3986 3.2.2.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

#: The names by which a machine calls itself.
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
#: Stands for every address in numbers among the names under which requests are answered: no web page can let one point
#: elsewhere.
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - nobody listens here
#: The header of what a server sends to addresses that its clients name. It presses no buttons of another emulator.
NOTIFICATION = "Fauxtune-Notification"
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.I)
_HOST_AND_PORT = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{0,5})?")


def is_host_name(text: str) -> bool:
    """Whether this is the name of a host (RFC 1123 2.1), or an IPv4 address."""
    return _HOST_NAME.fullmatch(text) is not None


def is_answered(name: str, names: frozenset[str]) -> bool:
    """Whether a request for this host is answered by a server that answers under these names."""
    if name in names or EVERY_ADDRESS not in names:
        return name in names
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def host_of(address: str) -> str:
    """The host of a URL; empty for a URL that is malformed."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def host_in(header: str) -> str:
    """The host in the value of a Host header, such as `localhost:8443` or `[::1]`; empty for a value that is malformed,
    such as an IPv6 address without brackets.
    """
    match = _HOST_AND_PORT.fullmatch(header.lower())
    return "" if match is None else match[1] or match[2]
