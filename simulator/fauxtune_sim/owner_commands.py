"""The commands for actions of a device's user: lock, unlock, restart, change a setting of a mail account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fauxtune_sim.agents import load_device
from fauxtune_sim.commands import CommandOutput
from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.mail_accounts import Setting
from fauxtune_sim.smime_settings import change_setting, describe_smime, mail_defaults


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A new value of a mail account's setting: `on`, `off`, or a thumbprint. Without an address: the first account."""

    setting: Setting
    value: str
    address: str | None = None


def lock(state: Path, *, locked: bool) -> CommandOutput:
    """Lock or unlock the device of a folder."""
    device = load_device(state)
    device.condition.lock(locked)
    device.save(keys=False, state=False)
    state_word = "locked" if locked else "unlocked"
    return CommandOutput({"device": device.name, "locked": locked}, [f"{device.name} is {state_word}"])


def restart(state: Path) -> CommandOutput:
    """Restart the device of a folder."""
    device = load_device(state)
    device.condition.restart()
    device.save(keys=False, state=False)
    document = {"device": device.name, "locked": True, "reboots": device.condition.reboots}
    return CommandOutput(document, [f"{device.name} has restarted and is locked"])


def change_mail(state: Path, change: SettingChange) -> CommandOutput:
    """Change a setting of a mail account on the device of a folder."""
    device = load_device(state)
    defaults = mail_defaults(device, change.address)
    if defaults is None:
        suffix = f" for {change.address}" if change.address else ""
        raise NotFoundHere(f"{device.name} has no mail account{suffix} with S/MIME settings")
    value = {"on": True, "off": False}.get(change.value.lower(), change.value)
    account = change_setting(device, defaults.account, setting=change.setting, value=value)
    device.save(keys=False, state=False)
    return CommandOutput(account.row(), [f"{account.address}{describe_smime(account.smime)}"])
