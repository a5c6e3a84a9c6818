"""What the owner of a device does by hand: locks, unlocks and restarts it, changes how mail is sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fauxtune_sim.accounts import Setting
from fauxtune_sim.agents import load_device
from fauxtune_sim.commands import Result
from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.maildefaults import change_setting, mail_defaults, rule_in_words


@dataclass(frozen=True, slots=True)
class Change:
    """A setting of a mail account and what it is to be: `on`, `off`, or a thumbprint. No address: the first account."""

    setting: Setting
    value: str
    address: str | None = None


def lock(state: Path, *, locked: bool) -> Result:
    """Lock or unlock the device of a folder."""
    device = load_device(state)
    device.condition.lock(locked)
    device.save(keys=False, state=False)
    word = "locked" if locked else "unlocked"
    return Result({"device": device.name, "locked": locked}, [f"{device.name} is {word}"])


def restart(state: Path) -> Result:
    """Restart the device of a folder."""
    device = load_device(state)
    device.condition.restart()
    device.save(keys=False, state=False)
    document = {"device": device.name, "locked": True, "reboots": device.condition.reboots}
    return Result(document, [f"{device.name} has restarted and is locked"])


def change_mail(state: Path, change: Change) -> Result:
    """Change a setting of a mail account on the device of a folder."""
    device = load_device(state)
    defaults = mail_defaults(device, change.address)
    if defaults is None:
        which = f" for {change.address}" if change.address else ""
        raise NotFoundHere(f"{device.name} has no mail account{which} with S/MIME settings")
    value = {"on": True, "off": False}.get(change.value.lower(), change.value)
    account = change_setting(device, defaults.account, setting=change.setting, value=value)
    device.save(keys=False, state=False)
    return Result(account.row(), [f"{account.address}{rule_in_words(account.smime)}"])
