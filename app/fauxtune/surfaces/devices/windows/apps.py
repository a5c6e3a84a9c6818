"""Apps on Windows devices: MSI files by the EnterpriseDesktopAppManagement CSP, packages by the
EnterpriseModernAppManagement CSP, and what their status nodes mean.

Unverified: the scope of packages, which is the user's here; an MSI file is installed in that of the device unless its
app says otherwise. Differs from Intune: the addresses lead to files as they were uploaded, which are encrypted, for the
keys of contents are not kept, and the hash of an MSI file is that of the encrypted one: a real PC could not install it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape, quoteattr

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.items import REMEDIATION_FAILED, Problem
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_kinds import Way
from fauxtune.operations.checkin.steps import AppDelivery, AppSighting
from fauxtune.operations.runtime.contents import Contents
from fauxtune.surfaces.devices.windows.messages.syncml import Command
from fauxtune.surfaces.devices.windows.status_mapping import ANY, ASK, GONE, MUST, THERE

_SCOPES = {False: "./User/Vendor/MSFT", True: "./Device/Vendor/MSFT"}
_MSI, _MODERN = "EnterpriseDesktopAppManagement/MSI", "EnterpriseModernAppManagement"
_INSTALLATION, _STORES = (
    f"{_MODERN}/AppInstallation",
    (f"{_MODERN}/AppManagement/AppStore", f"{_MODERN}/AppManagement/nonStore"),
)
#: How long the address of a file is valid.
_VALID = timedelta(days=1)
#: Status of an MSI file: what it stands at; the last word of each job.
_MSI_DONE, _MSI_FAILED = "70", {"30": "could not be loaded", "60": "could not be installed"}
#: Status of a package: 3 is soon followed by the end of its node.
_PACKAGE_FAILED, _PACKAGE_DONE = "2", "3"
#: What a device waits for, by the status of an MSI file or of a package.
_WAITS = {
    "10": "the job has begun",
    "20": "it is being loaded",
    "25": "loading it is tried once more",
    "40": "it was loaded",
    "48": "the user has to log in",
    "50": "it is being installed",
    "55": "installing it is tried once more",
    "0": "the job has not begun",
    "1": "it is being installed",
}
_RETRIES, _MINUTES = 3, 5

#: Returns the address of the content of an app.
ContentUrl = Callable[[AppDelivery], str]


def install(app: AppDelivery, *, content_url: ContentUrl) -> tuple[Command, ...]:
    """Return the commands that install an app: they add its node and execute it."""
    if app.way is Way.MSI:
        node = f"{_node(app)}/DownloadInstall"
        return (
            Command("Add", node, "", "xml", role=ANY),
            Command("Exec", node, _job(app, content_url), "xml", role=MUST),
        )
    node = f"{_root(app)}/{_INSTALLATION}/{quote(app.identifier, safe='')}"
    add = Command("Add", node, None, "node", role=THERE)
    if app.way is Way.WINDOWS_STORE:
        key = quoteattr(str(app.document.get("productKey") or app.identifier))
        return (
            add,
            Command(
                "Exec", f"{node}/StoreInstall", f'<Application id={key} flags="1" skuid="0010"/>', "xml", role=MUST
            ),
        )
    package = f'<Application PackageUri={quoteattr(content_url(app))} DeploymentOptions="0"/>'
    return (add, Command("Exec", f"{node}/HostedInstall", package, "xml", role=MUST))


def remove(app: AppDelivery) -> tuple[Command, ...]:
    """Return the commands that uninstall an app."""
    if app.way is Way.MSI:
        return (Command("Delete", _node(app), role=GONE),)
    store = _STORES[app.way is Way.HOSTED]
    return (Command("Delete", f"{_root(app)}/{store}/{quote(app.identifier, safe='')}", role=GONE),)


def questions(apps: tuple[AppDelivery, ...]) -> tuple[Command, ...]:
    """Return the Gets that ask for the states of these apps."""
    nodes: list[str] = []
    for app in apps:
        if app.way is Way.MSI:
            nodes += [f"{_node(app)}/{name}" for name in ("Status", "Version", "LastError")]
            continue
        name = quote(app.identifier, safe="")
        nodes += [f"{_root(app)}/{_INSTALLATION}/{name}/{leaf}" for leaf in ("Status", "LastError")]
        nodes.append(f"{_root(app)}/{_STORES[app.way is Way.HOSTED]}/{name}")
    return tuple(Command("Get", node, role=ASK) for node in nodes)


def sightings(data: JsonObject) -> dict[str, AppSighting]:
    """Return what the answers to these Gets mean, by the identifiers of the apps. An app without any is not there."""
    by_app: dict[str, dict[str, str]] = {}
    for uri, value in data.get("values", {}).items():
        part, _, rest = uri.partition(f"/{_MODERN}/" if f"/{_MODERN}/" in uri else f"/{_MSI}/")
        if not part or not rest:
            continue
        names = [unquote(name) for name in rest.split("/")]
        if f"/{_MSI}/" in uri and len(names) == 2:
            by_app.setdefault(names[0], {})[f"msi/{names[1]}"] = str(value)
        elif names[0] == "AppInstallation" and len(names) == 3:
            by_app.setdefault(names[1], {})[names[2]] = str(value)
        elif names[0] == "AppManagement" and len(names) == 3:
            by_app.setdefault(names[2], {})["packages"] = str(value)
    return {name: _msi(values) if "msi/Status" in values else _package(values) for name, values in by_app.items()}


def content_address(app: AppDelivery, *, tenant_id: TenantId, contents: Contents, now: datetime) -> str:
    """Return path and query of the content of an app."""
    assert app.file is not None, app.app_id
    return contents.address(tenant_id, app.file.id, expires=now + _VALID, allowed="r")


def _root(app: AppDelivery) -> str:
    in_device = app.document.get("useDeviceContext") is not False if app.way is Way.MSI else False
    return _SCOPES[in_device]


def _node(app: AppDelivery) -> str:
    return f"{_root(app)}/{_MSI}/{quote(app.identifier, safe='')}"


def _job(app: AppDelivery, content_url: ContentUrl) -> str:
    """The job of an MSI file (MsiInstallJob)."""
    assert app.file is not None, app.app_id
    line = escape(str(app.document.get("commandLine") or "/quiet"))
    version = quoteattr(str(app.document.get("productVersion") or "1.0"))
    digest = f"<Validation><FileHash>{app.file.digest.upper()}</FileHash></Validation>" if app.file.digest else ""
    return (
        f"<MsiInstallJob id={quoteattr(app.identifier)}><Product Version={version}>"
        f"<Download><ContentURLList><ContentURL>{escape(content_url(app))}</ContentURL></ContentURLList></Download>"
        f"{digest}<Enforcement><CommandLine>{line}</CommandLine><TimeOut>{_MINUTES}</TimeOut>"
        f"<RetryCount>{_RETRIES}</RetryCount><RetryInterval>{_MINUTES}</RetryInterval></Enforcement>"
        "</Product></MsiInstallJob>"
    )


def _msi(values: Mapping[str, str]) -> AppSighting:
    status = values["msi/Status"].strip()
    if status == _MSI_DONE:
        return AppSighting(is_there=True, version=values.get("msi/Version") or None)
    if status in _MSI_FAILED:
        return AppSighting(problem=_problem(values.get("msi/LastError"), _MSI_FAILED[status]))
    return AppSighting(waits=_waits(status))


def _package(values: Mapping[str, str]) -> AppSighting:
    packages = [unquote(name) for name in values.get("packages", "").split("/") if name]
    status = values.get("Status", "").strip()
    if status == _PACKAGE_FAILED:
        return AppSighting(problem=_problem(values.get("LastError"), "could not be installed"))
    if packages or status == _PACKAGE_DONE:
        return AppSighting(is_there=True, version=_version(packages))
    return AppSighting(waits=_waits(status)) if status else AppSighting()


def _version(packages: list[str]) -> str | None:
    """The version in a package's full name: name, version, architecture, resource and publisher."""
    parts = packages[0].split("_") if packages else []
    return parts[1] if len(parts) > 1 else None


def _waits(status: str) -> str:
    return f"The device says: {_WAITS.get(status, f'status {status[:20]}')}."


def _problem(error: str | None, what: str) -> Problem:
    """Graph's error code is the Windows error number that the device has in LastError."""
    try:
        number = int((error or "").strip(), 0) & 0xFFFFFFFF
    except ValueError:
        number = 0
    if not number:
        return Problem(REMEDIATION_FAILED, f"The app {what}.")
    return Problem(number - (1 << 32) if number >= 1 << 31 else number, f"The app {what}: 0x{number:08X}.")
