"""Apps on an Apple device: it installs and removes them by command, and lists those that it has.

Apple: InstallApplication, RemoveApplication, ManagedApplicationList, InstalledApplicationList, and the manifest of an
app that an organisation distributes by itself. The owner agrees to each install. Differs from a device: the address of
a manifest may be one of http, an app is not verified, and what the package has in it is not looked at.
"""

from __future__ import annotations

from fauxtune_sim.apple.command_context import CommandContext, CommandResult, Malformed
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.messages import read_plist
from fauxtune_sim.apple.store import ManagedApp
from fauxtune_sim.device.condition import Delivery
from fauxtune_sim.errors import AnswerBroken, ServerRefused, ServerUnreachable

#: ManagementFlags: the app goes with the MDM profile.
GOES_WITH_PROFILE = 1
#: The version of every app from the store of the simulated world.
_STORE_VERSION = "1.0.0"


async def install_application(context: CommandContext) -> CommandResult:
    """Install an app, or take over the management of one that is there."""
    refusal = Fault.refusal(context.device, Delivery.APP)
    if refusal is not None:
        raise refusal
    address, flags = context.command.text("ManifestURL"), context.command.parameters.get("ManagementFlags")
    identifier = context.command.text("Identifier")
    version = _STORE_VERSION
    if address is not None:
        identifier, version = await _from_manifest(context, address)
    elif identifier is None:
        if not isinstance(context.command.parameters.get("iTunesStoreID"), int):
            raise Malformed("InstallApplication has no iTunesStoreID, no Identifier and no ManifestURL")
        return CommandResult({"RejectionReason": "CouldNotVerifyAppID"})
    context.device.apps[identifier] = version
    # On a Mac an app that is not installed as a managed one is only there.
    if not context.system.is_mac or context.command.parameters.get("InstallAsManaged") is True:
        context.store.apps[identifier] = ManagedApp(identifier, flags if isinstance(flags, int) else 0)
    return CommandResult({"Identifier": identifier, "State": "Installing"}, installed=[identifier])


async def remove_application(context: CommandContext) -> CommandResult:
    """Remove a managed app."""
    identifier = context.command.text("Identifier")
    if not identifier:
        raise Malformed("RemoveApplication has no Identifier")
    if identifier not in context.store.apps:
        raise Fault(Code.APP_NOT_MANAGED, f"the app {identifier} is not managed")
    del context.store.apps[identifier]
    context.device.apps.pop(identifier, None)
    return CommandResult(removed=[identifier])


async def managed_list(context: CommandContext) -> CommandResult:
    """List the managed apps, those of a list of identifiers or all."""
    wanted = _identifiers(context)
    return CommandResult(
        {
            "ManagedApplicationList": {
                app.identifier: {
                    "Status": "Managed" if app.identifier in context.device.apps else "ManagedButUninstalled",
                    "ManagementFlags": app.flags,
                    "HasConfiguration": False,
                    "HasFeedback": False,
                    "IsValidated": True,
                }
                for app in context.store.apps.values()
                if wanted is None or app.identifier in wanted
            }
        }
    )


async def installed_list(context: CommandContext) -> CommandResult:
    """List the apps that are installed, managed or not."""
    wanted, managed_only = _identifiers(context), context.command.parameters.get("ManagedAppsOnly") is True
    return CommandResult(
        {
            "InstalledApplicationList": [
                {"Identifier": name, "Name": name.rpartition(".")[2], "ShortVersion": version, "Version": version}
                for name, version in context.device.apps.items()
                if (wanted is None or name in wanted) and (name in context.store.apps or not managed_only)
            ]
        }
    )


def _identifiers(context: CommandContext) -> set[str] | None:
    listed = context.command.parameters.get("Identifiers")
    return {str(name) for name in listed} if isinstance(listed, list) else None


async def _from_manifest(context: CommandContext, address: str) -> tuple[str, str]:
    """Load the manifest and the package that it names; return bundle identifier and version."""
    manifest = await _loaded(context, address, what="the manifest")
    try:
        item = read_plist(manifest, what="the manifest")["items"][0]
        metadata, assets = item["metadata"], item["assets"]
        identifier, version = metadata["bundle-identifier"], metadata["bundle-version"]
        package = next(asset["url"] for asset in assets if asset["kind"] == "software-package")
    except (AnswerBroken, KeyError, IndexError, TypeError, StopIteration) as broken:
        raise Fault(Code.INSTALL_FAILED, "the manifest does not name an app and its package") from broken
    if not await _loaded(context, str(package), what="the package"):
        raise Fault(Code.INSTALL_FAILED, "the package is empty")
    return str(identifier), str(version)


async def _loaded(context: CommandContext, address: str, *, what: str) -> bytes:
    try:
        answer = await context.load(address)
    except (ServerRefused, ServerUnreachable, AnswerBroken) as failed:
        raise Fault(Code.INSTALL_FAILED, f"{what} cannot be loaded: {failed}") from failed
    if answer.status != 200:
        raise Fault(Code.INSTALL_FAILED, f"{what} cannot be loaded: its server answers {answer.status}")
    return answer.body


def kept_without_management(store_apps: dict[str, ManagedApp], installed: dict[str, str]) -> dict[str, str]:
    """The apps that stay when the MDM profile goes, with their versions."""
    gone = {app.identifier for app in store_apps.values() if app.flags & GOES_WITH_PROFILE}
    return {name: version for name, version in installed.items() if name not in gone}
