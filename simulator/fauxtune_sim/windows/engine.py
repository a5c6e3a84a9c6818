"""Carrying out what a server's message says, and the answer to it (OMA-TS-SyncML-RepPro 1.2, MS-MDM 3.2).

Every command is answered with a status. A command by itself holds or does not; the commands of an Atomic hold together:
if one fails, those before it are rolled back (216), those after it are not run (215), and the Atomic says 507.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fauxtune_sim.enrollment import Refusal
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows import certificate_stores, mail_accounts, pfx_install
from fauxtune_sim.windows.execution import execute
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.syncml import ABORT, Command, Item, Result, Said, ServerMessage, Status
from fauxtune_sim.windows.tree import Path, Refused, path_of, uri_of

_OK, _NOT_RUN, _ROLLED_BACK = 200, 215, 216
_MALFORMED, _EXISTS, _FAILED, _ATOMIC_FAILED, _ROLLBACK_FAILED = 400, 418, 500, 507, 516
_NOT_FOUND = 404


@dataclass(slots=True)
class _Attempt:
    """What the commands that hold together have changed so far."""

    touched: list[Path] = field(default_factory=list)
    in_atomic: bool = False
    added: set[Path] = field(default_factory=set)


@dataclass(slots=True)
class Engine:
    """Answers the messages of one session. `refusals` and `executed` say what came of them, in words."""

    machine: Machine
    refusals: list[Refusal] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    aborted: bool = False
    _message: str = ""
    _statuses: list[Status] = field(default_factory=list)
    _results: list[Result] = field(default_factory=list)

    def answer(self, message: ServerMessage) -> Said:
        """Carry out the commands of a message; SessionAborted if one of them ends the session without a word."""
        self._message = message.header.message
        self._statuses, self._results = [Status(self._message, "0", "SyncHdr", _OK)], []
        for command in message.commands:
            self._run(command)
        return Said(statuses=self._statuses, results=self._results)

    def _run(self, command: Command) -> None:
        if not command.known or command.number is None:
            self._say(command, _MALFORMED)
        elif command.name == "Atomic":
            self._atomic(command)
        elif command.name == "Sequence":
            self._say(command, _OK)
            for child in command.children:
                self._run(child)
        elif command.name == "Alert":
            self.aborted = self.aborted or command.data == ABORT
            self._say(command, _OK)
        else:
            self._alone(command)

    def _alone(self, command: Command) -> None:
        """A command that stands by itself: each of its items holds or does not."""
        codes: list[tuple[str, int]] = []
        for item in command.items:
            before, attempt = self.machine.snapshot(), _Attempt()
            code = _OK
            try:
                self._apply(command, item, attempt=attempt)
                self._settle(attempt)
            except Refused as refused:
                code = refused.status
                self._note(command, item, refused=refused)
                if not refused.keep:
                    self.machine.restore(before)
            codes.append((item.target, code))
        self._say_all(command, codes or [("", _MALFORMED)])

    def _atomic(self, command: Command) -> None:
        before, attempt = self.machine.snapshot(), _Attempt(in_atomic=True)
        lost = set(self.machine.lost_accounts)
        codes: list[list[tuple[str, int]]] = []
        failed = False
        for child in command.children:
            codes.append([(item.target, _NOT_RUN) for item in child.items] or [("", _NOT_RUN)])
            if not failed:
                failed = not self._try(child, attempt, codes=codes[-1])
        if not failed:
            failed = not self._commit(command, attempt, codes=codes)
        if failed:
            self.machine.restore(before)
            self.machine.lost_accounts = lost
            _roll_back(command, codes)
        code = _OK
        if failed:
            undone = any(code == _ROLLBACK_FAILED for child in codes for _, code in child)
            code = _ROLLBACK_FAILED if undone else _ATOMIC_FAILED
        self._say(command, code)
        for child, said in zip(command.children, codes, strict=True):
            self._say_all(child, said)

    def _try(self, child: Command, attempt: _Attempt, *, codes: list[tuple[str, int]]) -> bool:
        """Run one command of an Atomic; False, with the code in its place, if it fails."""
        for at, item in enumerate(child.items or (Item(),)):
            try:
                _check_child(child)
                self._apply(child, item, attempt=attempt)
            except Refused as refused:
                codes[at] = (item.target, refused.status)
                self._note(child, item, refused=refused)
                return False
            codes[at] = (item.target, _OK)
        return True

    def _commit(self, command: Command, attempt: _Attempt, *, codes: list[list[tuple[str, int]]]) -> bool:
        """What can only be done when all of an Atomic is there; a failure is that of the command which set the node."""
        try:
            self._settle(attempt)
        except Refused as refused:
            for at, child in enumerate(command.children):
                for number, item in enumerate(child.items):
                    if refused.at is not None and path_of(item.target, self._platform) == refused.at:
                        codes[at][number] = (item.target, refused.status)
                        self._note(child, item, refused=refused)
                        return False
            raise AssertionError("what fails at the end of an Atomic was set by one of its commands") from refused
        return True

    @property
    def _platform(self) -> Platform:
        return self.machine.device.platform

    def _settle(self, attempt: _Attempt) -> None:
        """Let every part of the device see what changed in its part of the tree."""
        for settle in (certificate_stores.settle, pfx_install.settle, mail_accounts.settle):
            settle(self.machine, attempt.touched)

    def _apply(self, command: Command, item: Item, *, attempt: _Attempt) -> None:
        tree = self.machine.tree
        path = path_of(item.target, self._platform)
        match command.name:
            case "Add":
                mail_accounts.before_add(self.machine, path)
                tree.add(path, format=item.format, data=item.data)
                attempt.added.add(path)
            case "Replace":
                if path in attempt.added and attempt.in_atomic:
                    raise Refused(_FAILED, f"{uri_of(path)} was added in the same Atomic")
                tree.replace(path, format=item.format, data=item.data)
            case "Delete":
                pfx_install.forget_failure(self.machine, path)
                mail_accounts.before_delete(self.machine, path)
                tree.delete(path)
            case "Get":
                value = tree.get(path)
                self._results.append(
                    Result(self._message, str(command.number), item.target, format=value.format, data=value.data)
                )
            case "Exec":
                execute(self.machine, path, data=item.data)
                self.executed.append(path[-1])
        attempt.touched.append(path)

    def _note(self, command: Command, item: Item, *, refused: Refused) -> None:
        """Remember a refusal that means something: not that something is gone, or there, already."""
        harmless = {_EXISTS} if command.name == "Add" else {_NOT_FOUND} if command.name in {"Get", "Delete"} else set()
        if refused.status not in harmless:
            self.refusals.append(Refusal(_provider_of(item.target), item.target, str(refused)))

    def _say(self, command: Command, code: int, *, target: str | None = None) -> None:
        self._statuses.append(Status(self._message, command.number or "0", command.name, code, target=target))

    def _say_all(self, command: Command, codes: list[tuple[str, int]]) -> None:
        """One status if all items fared alike, else one for each."""
        if len({code for _, code in codes}) == 1:
            self._say(command, codes[0][1])
            return
        for target, code in codes:
            self._say(command, code, target=target)


def _check_child(child: Command) -> None:
    """Whether a command may stand in an Atomic (MS-MDM: neither Get nor another Atomic)."""
    if not child.known or child.number is None or (child.name != "Alert" and not (child.items or child.children)):
        raise Refused(_MALFORMED, f"{child.name} in an Atomic has no CmdID or no Item, or is unknown")
    if child.name not in {"Add", "Replace", "Delete", "Exec"}:
        raise Refused(_FAILED, f"{child.name} cannot be in an Atomic")


def _roll_back(command: Command, codes: list[list[tuple[str, int]]]) -> None:
    """What was done is rolled back; what was executed cannot be."""
    for child, said in zip(command.children, codes, strict=True):
        undone = _ROLLBACK_FAILED if child.name == "Exec" else _ROLLED_BACK
        said[:] = [(target, undone if code == _OK else code) for target, code in said]


def _provider_of(target: str) -> str:
    """The configuration service provider that a LocURI belongs to."""
    parts = target.split("/")
    return parts[parts.index("MSFT") + 1] if "MSFT" in parts[:-1] else (parts[1] if len(parts) > 1 else target)
