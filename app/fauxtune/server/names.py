"""The names and addresses under which a server is known, and the id by which it is told apart from every other one."""

from __future__ import annotations

import ipaddress
import os
import socket
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from fauxtune.core.model.addresses import EVERY_ADDRESS, LOCAL_NAMES, host_of
from fauxtune.core.model.ids import IdSource
from fauxtune.operations.runtime.emulator import Addresses
from fauxtune.server import StartRefused, intercept
from fauxtune.server.tls import addresses_of
from fauxtune.server.trust.entry import PATH as TRUST
from fauxtune.settings import Settings

_ID_FILE = "server-id"


def server_id(home: Path, ids: IdSource) -> str:
    """Return the id of the server whose data folder this is, a GUID; the first start makes it. Processes that share
    `home` have one id, also if they start at the same time. Raises StartRefused if its file is damaged.
    """
    file = home / _ID_FILE
    if not file.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = ids.uuid()
        draft = home / f".{_ID_FILE}.{new}"
        draft.write_text(f"{new}\n", encoding="ascii")
        try:
            os.link(draft, file)  # unless another process or thread has made it
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    try:
        return str(uuid.UUID(file.read_text(encoding="ascii").strip()))
    except ValueError:
        raise StartRefused(
            f"{file} must hold a GUID, the id of this server: delete it to give it another id."
        ) from None


def own_name(settings: Settings) -> str:
    """The name of this machine in certificates."""
    return "localhost" if settings.name is None or settings.is_loopback else settings.name


def trust_page(settings: Settings, addresses: Addresses) -> str:
    """The address of the page on trust, for those who are to open it: by --name, or by the first address that others
    can call.
    """
    if settings.is_loopback:
        return f"{addresses.http}{TRUST}"
    host = settings.name or next(iter(addresses_of(settings.host)), settings.host)
    return f"http://{reachable(host)}:{urlsplit(addresses.http).port}{TRUST}"


def answering_names(settings: Settings) -> frozenset[str] | None:
    """The hosts under which requests are answered: this machine's own names, those in the settings, and Microsoft's,
    which no web page can point here; for other machines --name and every address, too. None (all hosts) without
    --name: their names for it are unknown.
    """
    if not settings.is_loopback and settings.name is None:
        return None
    others = {EVERY_ADDRESS, str(settings.name).lower()} if not settings.is_loopback else set()
    public = {host_of(url) for url in (settings.public_url, settings.public_http_url) if url is not None}
    return LOCAL_NAMES | {settings.host.lower()} | others | public | frozenset(intercept.HOSTS)


def reachable(host: str) -> str:
    """The host by which this machine reaches the listeners."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "localhost"
    return f"[{host}]" if address.version == 6 else host


def certified_names(settings: Settings) -> list[str]:
    """The names in the server's certificate. If others can reach it: --name, the machine's own (a container's
    `hostname`) and its addresses.
    """
    public = urlsplit(settings.public_url or "").hostname
    names = [settings.host, *([public] if public else [])]
    if settings.is_loopback:
        return names
    own = socket.gethostname()
    called = [settings.name, own if own.isascii() else None, *addresses_of(settings.host)]
    return [*names, *filter(None, called)]
