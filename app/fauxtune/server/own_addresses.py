"""The addresses of this machine in its networks, for a certificate that other machines accept."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import socket
import struct
import sys

#: The request for the address of an interface: netdevice(7) on Linux, sys/sockio.h on macOS.
_SIOCGIFADDR = 0xC0206921 if sys.platform == "darwin" else 0x8915
#: struct ifreq: the name of the interface, then its address (family, port, four bytes).
_NAME, _ADDRESS = 16, slice(20, 24)


def addresses_of(host: str) -> list[str]:
    """Return the IPv4 addresses at which others reach a server that listens on `host`: those of all interfaces for
    0.0.0.0 and ::, else the host itself.
    """
    try:
        if not ipaddress.ip_address(host).is_unspecified:
            return [host]
    except ValueError:
        return [host]
    known = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[: _NAME - 1])
            with contextlib.suppress(OSError):  # an interface without an IPv4 address
                known.append(socket.inet_ntoa(fcntl.ioctl(probe, _SIOCGIFADDR, request)[_ADDRESS]))
    return [each for each in dict.fromkeys(known) if not ipaddress.ip_address(each).is_loopback]
