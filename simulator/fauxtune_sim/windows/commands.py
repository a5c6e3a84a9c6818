"""Execute the commands of a server's message and answer it (OMA-TS-SyncML-RepPro 1.2, MS-MDM 3.2); and what the device
does about the settings among them, and about its new name (Microsoft: DevDetail CSP, DNSComputerName).

Every command is answered with a Status. Outside an Atomic each command succeeds or fails alone. Inside an Atomic one
failure undoes all: the commands before it are rolled back (216), those after it are not run (215), and the Status of
the Atomic is 507.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fauxtune_sim.device.enrollment import Refusal
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows import apps, certificates, mail, scep
from fauxtune_sim.windows.exec_nodes import execute_node
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.nodes import Path
from fauxtune_sim.windows.syncml import ABORT, ClientMessage, Command, Item, Results, ServerMessage, Status
from fauxtune_sim.windows.tree import NodeRefusal, is_setting, path_of, refusal_of_owner, uri_of

_OK, _NOT_RUN, _ROLLED_BACK = 200, 215, 216
_MALFORMED, _EXISTS, _FAILED, _ATOMIC_FAILED, _ROLLBACK_FAILED = 400, 418, 500, 507, 516
_NOT_FOUND = 404
#: MS-MDM: a Get of a node with everything below it.
_STRUCT_DATA = "?list=StructData"
_NAME_NODE: Path = ("DevDetail", "Ext", "Microsoft", "DNSComputerName")
#: RFC 1123 2.1, and Windows: not only digits.
_NAME = re.compile(r"(?![0-9]+$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_ENCRYPTIONS: tuple[Path, ...] = (
    ("Vendor", "MSFT", "BitLocker", "RequireDeviceEncryption"),
    ("Vendor", "MSFT", "Policy", "Config", "Security", "RequireDeviceEncryption"),
)


@dataclass(slots=True)
class _Attempt:
    """The nodes that a command, or the commands of an Atomic, have changed so far."""

    touched: list[Path] = field(default_factory=list)
    in_atomic: bool = False
    added: set[Path] = field(default_factory=set)


@dataclass(slots=True)
class Engine:
    """Executes the messages of one session. `refusals` lists refused commands, `executed` the names of Exec nodes."""

    machine: Machine
    refusals: list[Refusal] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    aborted: bool = False
    _message: str = ""
    _statuses: list[Status] = field(default_factory=list)
    _results: list[Results] = field(default_factory=list)

    def execute(self, message: ServerMessage) -> ClientMessage:
        """Execute the commands of a message. Raises SessionAborted if a command ends the session without an answer."""
        self._message = message.header.message
        self._statuses, self._results = [Status(self._message, "0", "SyncHdr", _OK)], []
        for command in message.commands:
            self._run(command)
        return ClientMessage(statuses=self._statuses, results=self._results)

    def _run(self, command: Command) -> None:
        if not command.known or command.number is None:
            self._add_status(command, _MALFORMED)
        elif command.name == "Atomic":
            self._atomic(command)
        elif command.name == "Sequence":
            self._add_status(command, _OK)
            for child in command.children:
                self._run(child)
        elif command.name == "Alert":
            self.aborted = self.aborted or command.data == ABORT
            self._add_status(command, _OK)
        else:
            self._run_alone(command)

    def _run_alone(self, command: Command) -> None:
        """Run a command outside an Atomic: each of its items succeeds or fails alone."""
        codes: list[tuple[str, int]] = []
        for item in command.items:
            before, attempt = self.machine.snapshot(), _Attempt()
            code = _OK
            try:
                self._apply(command, item, attempt=attempt)
                self._apply_changes(attempt)
            except NodeRefusal as refused:
                code = refused.status
                self._record_refusal(command, item, refused=refused)
                if not refused.keeps_changes:
                    self.machine.restore(before)
            codes.append((item.target, code))
        self._add_statuses(command, codes or [("", _MALFORMED)])

    def _atomic(self, command: Command) -> None:
        before, attempt = self.machine.snapshot(), _Attempt(in_atomic=True)
        lost_accounts = set(self.machine.lost_accounts)
        codes: list[list[tuple[str, int]]] = []
        failed = False
        for child in command.children:
            codes.append([(item.target, _NOT_RUN) for item in child.items] or [("", _NOT_RUN)])
            if not failed:
                failed = not self._run_child(child, attempt, codes=codes[-1])
        if not failed:
            failed = not self._commit(command, attempt, codes=codes)
        if failed:
            self.machine.restore(before)
            self.machine.lost_accounts = lost_accounts
            _mark_rolled_back(command, codes)
        code = _OK
        if failed:
            rollback_failed = any(code == _ROLLBACK_FAILED for child in codes for _, code in child)
            code = _ROLLBACK_FAILED if rollback_failed else _ATOMIC_FAILED
        self._add_status(command, code)
        for child, child_codes in zip(command.children, codes, strict=True):
            self._add_statuses(child, child_codes)

    def _run_child(self, child: Command, attempt: _Attempt, *, codes: list[tuple[str, int]]) -> bool:
        """Run one command of an Atomic and write its codes into `codes`. Returns False if it fails."""
        for at, item in enumerate(child.items or (Item(),)):
            try:
                _check_child(child)
                self._apply(child, item, attempt=attempt)
            except NodeRefusal as refused:
                codes[at] = (item.target, refused.status)
                self._record_refusal(child, item, refused=refused)
                return False
            codes[at] = (item.target, _OK)
        return True

    def _commit(self, command: Command, attempt: _Attempt, *, codes: list[list[tuple[str, int]]]) -> bool:
        """Apply the changes of a complete Atomic. A failure is recorded for the command that set the node."""
        try:
            self._apply_changes(attempt)
        except NodeRefusal as refused:
            for at, child in enumerate(command.children):
                for number, item in enumerate(child.items):
                    if refused.node is not None and path_of(item.target, self._platform) == refused.node:
                        codes[at][number] = (item.target, refused.status)
                        self._record_refusal(child, item, refused=refused)
                        return False
            raise AssertionError(
                "a node that fails at the end of an Atomic was set by one of its commands"
            ) from refused
        return True

    @property
    def _platform(self) -> Platform:
        return self.machine.device.platform

    def _apply_changes(self, attempt: _Attempt) -> None:
        """Apply the changed nodes to the certificate stores, the keys and the mail accounts of the device."""
        for part in (certificates, mail, scep):
            part.apply_changes(self.machine, attempt.touched)
        _rename(self.machine, attempt.touched)
        _apply_settings(self.machine, attempt.touched)
        apps.forget(self.machine, attempt.touched)

    def _apply(self, command: Command, item: Item, *, attempt: _Attempt) -> None:
        tree = self.machine.tree
        is_list = command.name == "Get" and item.target.endswith(_STRUCT_DATA)
        path = path_of(item.target.removesuffix(_STRUCT_DATA) if is_list else item.target, self._platform)
        match command.name:
            case "Add":
                mail.before_add(self.machine, path)
                tree.add(path, format=item.format, data=item.data)
                attempt.added.add(path)
            case "Replace":
                if path in attempt.added and attempt.in_atomic:
                    raise NodeRefusal(_FAILED, f"{uri_of(path)} was added in the same Atomic")
                tree.replace(path, format=item.format, data=item.data)
            case "Delete":
                certificates.forget_failure(self.machine, path)
                mail.before_delete(self.machine, path)
                tree.delete(path)
            case "Get" if is_list:
                self._results.append(self._struct_data(command, item, path=path))
            case "Get":
                value = tree.get(path)
                self._results.append(
                    Results(self._message, str(command.number), item.target, format=value.format, data=value.data)
                )
            case "Exec":
                execute_node(self.machine, path, data=item.data)
                self.executed.append(path[-1])
        attempt.touched.append(path)

    def _struct_data(self, command: Command, item: Item, *, path: Path) -> Results:
        """The Results of a Get for a node and everything below it, with the address as the server wrote it."""
        base, nodes = item.target.removesuffix(_STRUCT_DATA), self.machine.tree.get_all(path)
        (_, first), below = nodes[0], nodes[1:]
        names = ((base + uri_of(node)[1:].removeprefix(uri_of(path)[1:]), value) for node, value in below)
        rows = tuple((name, value.format, value.data) for name, value in names)
        return Results(self._message, str(command.number), base, format=first.format, data=first.data, below=rows)

    def _record_refusal(self, command: Command, item: Item, *, refused: NodeRefusal) -> None:
        """Record a refusal, unless it only means that a node exists already (Add) or does not exist (Get, Delete)."""
        harmless = {_EXISTS} if command.name == "Add" else {_NOT_FOUND} if command.name in {"Get", "Delete"} else set()
        if refused.status not in harmless:
            self.refusals.append(Refusal(_provider_of(item.target), item.target, str(refused)))

    def _add_status(self, command: Command, code: int, *, target: str | None = None) -> None:
        self._statuses.append(Status(self._message, command.number or "0", command.name, code, target=target))

    def _add_statuses(self, command: Command, codes: list[tuple[str, int]]) -> None:
        """Add one Status if all items have the same code, else one for each item."""
        if len({code for _, code in codes}) == 1:
            self._add_status(command, codes[0][1])
            return
        for target, code in codes:
            self._add_status(command, code, target=target)


def _check_child(child: Command) -> None:
    """Raise NodeRefusal for a command that is not allowed in an Atomic (MS-MDM: neither Get nor another Atomic)."""
    if not child.known or child.number is None or (child.name != "Alert" and not (child.items or child.children)):
        raise NodeRefusal(_MALFORMED, f"{child.name} in an Atomic has no CmdID or no Item, or is unknown")
    if child.name not in {"Add", "Replace", "Delete", "Exec"}:
        raise NodeRefusal(_FAILED, f"{child.name} cannot be in an Atomic")


def _mark_rolled_back(command: Command, codes: list[list[tuple[str, int]]]) -> None:
    """Replace the codes of successful commands by those of the rollback, which is impossible for Exec."""
    for child, child_codes in zip(command.children, codes, strict=True):
        rollback = _ROLLBACK_FAILED if child.name == "Exec" else _ROLLED_BACK
        child_codes[:] = [(target, rollback if code == _OK else code) for target, code in child_codes]


def _provider_of(target: str) -> str:
    """The configuration service provider that a LocURI belongs to."""
    parts = target.split("/")
    return parts[parts.index("MSFT") + 1] if "MSFT" in parts[:-1] else (parts[1] if len(parts) > 1 else target)


def _rename(machine: Machine, touched: Iterable[Path]) -> None:
    """Rename the PC. Raises NodeRefusal for a text that is no name. Differs from a PC: that takes the name when it
    restarts.
    """
    if _NAME_NODE not in touched or _NAME_NODE not in machine.state.nodes:
        return
    name = machine.state.nodes.pop(_NAME_NODE) or ""
    if not _NAME.fullmatch(name):
        raise NodeRefusal(500, f"{name!r} is no name of a computer: letters, digits and hyphens", node=_NAME_NODE)
    machine.device.name = name


def _apply_settings(machine: Machine, touched: Iterable[Path]) -> None:
    """Do what the settings ask for. Raises NodeRefusal if the owner has set the device to refuse them.

    Differs from a PC: its disks are encrypted at once.
    """
    nodes: Mapping[Path, str | None] = machine.state.nodes
    for path in touched:
        if path not in nodes or not is_setting(path, machine.device.platform):
            continue
        refusal = refusal_of_owner(machine.device, Delivery.SETTING, node=path)
        if refusal is not None:
            raise refusal
        if path in _ENCRYPTIONS and nodes[path] == "1":
            machine.device.report(isEncrypted=True)
