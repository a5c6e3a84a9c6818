"""The hosts that managed devices and certificate connectors must reach, by edition, and for which of them the emulator
stands.

Ruled by "Network endpoints for Microsoft Intune" (2019-07-22, and 2025-06-24: the connector needs what managed
devices need), "Configure and use PKCS certificates with Intune" (2020-02-25) and "Prerequisites
for the Certificate Connector for Microsoft Intune" (2024-10-09). Ranges of IP addresses are left out: see those pages.

#: data
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from fauxtune.core.model.addresses import Surface
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.tenants import Changed, Edition, Stated

#: The hosts of the service that devices and connectors call, in the order in which they are named to people.
SERVICE = ("manage.microsoft.com", "r.manage.microsoft.com")
#: A host that a rule of a firewall names, `*.` in front for all below it; the most of a rule.
ANY_BELOW, MOST_HOSTS = "*.", 50


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Hosts that must be reached for one purpose, and their TCP ports. `by`: who must reach them."""

    purpose: str
    hosts: tuple[str, ...]
    ports: tuple[int, ...] = (443,)
    by: str = "devices and connectors"


_WEB = (80, 443)
_UPDATES = Endpoint("updates of the connector", ("autoupdate.msappproxy.net",), by="connectors")
_APPLE_NEW = (
    *("itunes.apple.com", "*.itunes.apple.com", "*.mzstatic.com", "*.phobos.apple.com", "phobos.apple.com"),
    *("phobos.itunes-apple.com.akadns.net", "*.push.apple.com", "ocsp.apple.com", "ax.itunes.apple.com"),
    *("ax.itunes.apple.com.edgesuite.net", "s.mzstatic.com", "a1165.phobos.apple.com"),
)
_OF_2020 = (
    Endpoint(
        "Intune",
        (
            *(
                "manage.microsoft.com",
                "*.manage.microsoft.com",
                "portal.manage.microsoft.com",
                "m.manage.microsoft.com",
            ),
            *("i.manage.microsoft.com", "r.manage.microsoft.com", "a.manage.microsoft.com", "p.manage.microsoft.com"),
            *("sts.manage.microsoft.com", "admin.manage.microsoft.com", "mam.manage.microsoft.com"),
            *("enterpriseenrollment.manage.microsoft.com", "enterpriseenrollment-s.manage.microsoft.com"),
            "wip.mam.manage.microsoft.com",
        ),
        _WEB,
    ),
    Endpoint("sign-in", ("login.microsoftonline.com", "graph.windows.net", "enterpriseregistration.windows.net"), _WEB),
    Endpoint("Office settings", ("*.officeconfig.msocdn.com", "config.office.com")),
    Endpoint(
        "PowerShell scripts and Win32 apps",
        (
            *("naprodimedatapri.azureedge.net", "naprodimedatasec.azureedge.net", "naprodimedatahotfix.azureedge.net"),
            *("euprodimedatapri.azureedge.net", "euprodimedatasec.azureedge.net", "euprodimedatahotfix.azureedge.net"),
            *("approdimedatapri.azureedge.net", "approdimedatasec.azureedge.net", "approdimedatahotfix.azureedge.net"),
        ),
        _WEB,
        "Windows",
    ),
    Endpoint("push notifications of Windows", ("*.notify.windows.com", "*.wns.windows.com"), by="Windows"),
    Endpoint(
        "Delivery Optimization",
        ("*.do.dsp.mp.microsoft.com", "*.dl.delivery.mp.microsoft.com", "*.emdl.ws.microsoft.com"),
        _WEB,
        "Windows",
    ),
    Endpoint("push notifications of Apple", ("*-courier.push.apple.com",), (443, 5223), "Apple"),
    Endpoint(
        "Apple's servers",
        (
            *("itunes.apple.com", "*.itunes.apple.com", "*.mzstatic.com", "*.phobos.apple.com", "phobos.apple.com"),
            *("*.phobos.itunes-apple.com.akadns.net", "ocsp.apple.com", "ax.itunes.apple.com"),
            "ax.itunes.apple.com.edgesuite.net",
        ),
        _WEB,
        "Apple",
    ),
    Endpoint("updates of the PFX Certificate Connector", _UPDATES.hosts, by="connectors"),
)
_NOW = (
    Endpoint(
        "Intune",
        ("manage.microsoft.com", "*.manage.microsoft.com", "enterpriseenrollment.manage.microsoft.com"),
        _WEB,
    ),
    Endpoint("sign-in", ("login.microsoftonline.com", "graph.windows.net"), _WEB),
    Endpoint(
        "registration of devices",
        ("enterpriseregistration.windows.net", "certauth.enterpriseregistration.windows.net"),
        _WEB,
    ),
    Endpoint("Microsoft accounts", ("account.live.com", "login.live.com")),
    Endpoint("discovery of endpoints", ("go.microsoft.com",), _WEB),
    Endpoint("features", ("config.edge.skype.com", "ecs.office.com")),
    Endpoint(
        "organizational messages", ("fd.api.orgmsg.microsoft.com", "ris.prod.api.personalization.ideas.microsoft.com")
    ),
    Endpoint(
        "Win32 apps",
        tuple(
            f"swd{place}-mscdn.manage.microsoft.com"
            for place in ("a01", "a02", "b01", "b02", "c01", "c02", "d01", "d02", "in01", "in02")
        ),
        _WEB,
        "Windows",
    ),
    Endpoint(
        "push notifications of Windows",
        ("*.notify.windows.com", "*.wns.windows.com", "sinwns1011421.wns.windows.com", "sin.notify.windows.com"),
        by="Windows",
    ),
    Endpoint("Delivery Optimization", ("*.do.dsp.mp.microsoft.com", "*.dl.delivery.mp.microsoft.com"), _WEB, "Windows"),
    Endpoint("Apple's servers, push notifications among them", _APPLE_NEW, (80, 443, 5223), "Apple"),
    Endpoint(
        "Android without Google's services",
        ("intunecdnpeasd.azureedge.net", "intunecdnpeasd.manage.microsoft.com"),
        by="Android",
    ),
    _UPDATES,
)

#: The hosts that devices and connectors must reach.
ENDPOINTS: Changed[tuple[Endpoint, ...]] = Changed(
    "Which hosts devices and certificate connectors must reach",
    {
        Edition.APRIL_2020: Stated(
            _OF_2020,
            "The connectors need the ports and hosts of managed devices; the PFX Certificate Connector also "
            "autoupdate.msappproxy.net. Unverified: the hosts of Windows' push service, which that page does not name.",
            "Network endpoints for Microsoft Intune, 2019-07-22; Configure and use PKCS certificates with Intune, "
            "2020-02-25",
        ),
        Edition.CURRENT: Stated(
            _NOW,
            "The connector needs what managed devices need, and for its updates autoupdate.msappproxy.net. Traffic to "
            "*.manage.microsoft.com must not be inspected.",
            "Network endpoints for Microsoft Intune, 2025-06-24; Prerequisites for the Certificate Connector for "
            "Microsoft Intune, 2024-10-09",
        ),
    },
)

#: The hosts for which each surface of devices stands. Graph and the token endpoint are called by programs.
_SURFACES: dict[Surface, tuple[str, ...]] = {
    Surface.ANDROID: SERVICE,
    Surface.APPLE: SERVICE,
    Surface.WINDOWS: SERVICE,
    Surface.AGENT: SERVICE,
    Surface.BLOBS: ("swda01-mscdn.manage.microsoft.com", "naprodimedatapri.azureedge.net"),
}
#: The hosts for which the push service stands. Google's page on FCM names its host; Intune's pages name none.
_PUSH: dict[Platform, tuple[str, ...]] = {
    Platform.ANDROID: ("fcm.googleapis.com",),
    Platform.IOS: ("1-courier.push.apple.com",),
    Platform.IPADOS: ("1-courier.push.apple.com",),
    Platform.MACOS: ("1-courier.push.apple.com",),
}
_PUSH_OF_WINDOWS = ("wns.windows.com", "db5.notify.windows.com", "db5.wns.windows.com")
#: Surfaces whose requests a blocked host can stop.
BLOCKABLE = frozenset({*_SURFACES, Surface.PUSH})


def hosts_of(surface: Surface, platform: Platform | None = None) -> tuple[str, ...]:
    """Return the hosts for which a surface stands; the push service for those of this platform. Empty for surfaces that
    a firewall of devices does not concern.
    """
    if surface is not Surface.PUSH:
        return _SURFACES.get(surface, ())
    return () if platform is None else _PUSH.get(platform, _PUSH_OF_WINDOWS)


def blocked_host(patterns: Collection[str], hosts: Iterable[str]) -> str | None:
    """Return the first of these hosts that a pattern names; None if none is named."""
    return next((host for host in hosts if any(_names(pattern, host) for pattern in patterns)), None)


def is_known(pattern: str) -> bool:
    """Whether the emulator stands for a host that the pattern names, so that blocking it has an effect."""
    every = (*SERVICE, *_PUSH_OF_WINDOWS, *(host for hosts in (*_SURFACES.values(), *_PUSH.values()) for host in hosts))
    return blocked_host((pattern,), every) is not None


def _names(pattern: str, host: str) -> bool:
    start, star, end = pattern.lower().partition("*")
    return host == pattern.lower() if not star else host.startswith(start) and host.endswith(end)
