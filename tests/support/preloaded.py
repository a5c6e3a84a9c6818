"""Commands of `fauxtune` and `fauxtune-sim`, each in a process that is forked from one that has imported everything,
and in which a server has run (tests/support/warmed.py).

For tests that run many of them and whose subject is not how a command starts: three quarters of the time of a short
command are its imports. A command has its own process, arguments, environment, folder and files, as ever. So has what
a command starts by `python -m`, as the host of simulated devices: its `sys.executable` is INTERPRETER.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from runpy import run_module
from tempfile import TemporaryDirectory, gettempdir
from threading import Thread
from typing import NoReturn

import click

#: Seconds after which a process that commands are forked from looks whether its owner is still there.
_OFTEN = 0.5
#: Program -> the module whose `app` runs it, as pyproject.toml says.
PROGRAMS = {"fauxtune": "fauxtune_cli.main", "fauxtune-sim": "fauxtune_sim.cli.main"}
#: Beside the programs: `python`, whose modules of the two packages are preloaded.
INTERPRETER = "interpreter"
#: What stands in place of each program: it hands over its arguments and files, and ends as the command ends.
_CALLER = """#!{python} -IS
import os, signal, socket, sys
program, words = {program!r}, sys.argv[1:]
if program == {interpreter!r}:
    options = words[1:] if words[:1] == ["-P"] else words
    if options[:1] != ["-m"] or options[1].split(".")[0] not in ("fauxtune", "fauxtune_sim"):
        os.execv({python!r}, [{python!r}, *words])
    program, words = options[1], options[2:]
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
    channel.connect({address!r})
    environment = [f"{{name}}={{value}}" for name, value in os.environ.items()]
    message = "\\0".join([program, os.getcwd(), str(len(words)), *words, *environment])
    socket.send_fds(channel, [os.fsencode(message)], [0, 1, 2])
    process = int(channel.recv(16))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(process, number))
    code = channel.recv(1)
os._exit(code[0] if code else 255)
"""


@contextmanager
def preloaded_commands() -> Iterator[Path]:
    """A folder for PATH with both programs, while the block runs. What they started then ends."""
    with TemporaryDirectory(prefix="fauxtune-") as name:
        process = _started(Path(name))
        try:
            yield Path(name)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def shared_commands(run: str, *, of: int) -> Path:
    """Return a folder for PATH with both programs, which the processes of a run of tests share.

    `run` names it. What the programs started ends, and the folder goes, when the process `of` has ended.
    """
    folder = Path(gettempdir(), f"fauxtune-{run[:12]}")
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "socket").exists():
            _started(folder, str(of)).wait()
    return folder


def _started(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start the process that the commands are forked from, and wait until it has imported everything."""
    address = f"{folder}/socket"
    for program in (*PROGRAMS, INTERPRETER):
        caller = folder / program
        text = _CALLER.format(python=sys.executable, address=address, program=program, interpreter=INTERPRETER)
        caller.write_text(text, encoding="utf-8")
        caller.chmod(0o755)
    command = [sys.executable, __file__, address, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline(), "it imports everything, then it says so"
    return process


def main(address: str, *, owner: int | None = None) -> None:
    """Import everything, then fork a process for each caller; until the owner, another process, has ended."""
    programs: dict[str, click.Group] = {name: import_module(module).app for name, module in PROGRAMS.items()}
    for module in PROGRAMS.values():
        package = import_module(module.partition(".")[0])
        for found in walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                import_module(found.name)
    sys.path.append(str(Path(__file__).parents[2]))
    from tests.support.warmed import use_keys, warm

    sys.path.pop()
    for program in programs.values():
        _import_all(program)
    keys = warm()
    gc.collect()
    gc.freeze()  # what is never looked at again is never copied
    signal.signal(signal.SIGCHLD, _reap)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(address)
        listening.listen()
        print("ready", flush=True)
        if owner is not None and os.fork():
            os._exit(0)  # whoever started this waits for no longer
        listening.settimeout(_OFTEN)
        while True:
            try:
                caller, _ = listening.accept()
            except TimeoutError:
                _end_without(owner, address)
                continue
            if os.fork() == 0:
                listening.close()
                break
            caller.close()
    sys.executable = str(Path(address).with_name(INTERPRETER))
    _run(caller, programs, begin=partial(use_keys, keys))


def _import_all(command: click.Command) -> None:
    """Import the modules of all commands, which wait to be called."""
    if isinstance(command, click.Group):
        context = command.context_class(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            _import_all(found)


def _reap(*_: object) -> None:
    """Wait for the commands that have ended: the time that they took counts as the tests' own."""
    with suppress(ChildProcessError):  # there is no other
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _run(caller: socket.socket, programs: dict[str, click.Group], *, begin: Callable[..., None]) -> None:
    """Become the command that the caller asks for. It ends with its caller. `begin` learns the command's arguments."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, files, _flags, _sender = socket.recv_fds(caller, 1 << 20, 3)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    program, folder, count, *words = os.fsdecode(message).split("\0")
    sys.argv = [program, *words[: int(count)]]
    os.chdir(folder)
    os.environ.clear()
    for word in words[int(count) :]:
        name, _, value = word.partition("=")
        os.environ[name] = value
    begin(arguments=sys.argv[1:])
    caller.send(b"%d" % os.getpid())
    Thread(target=_end_with, args=(caller,), daemon=True).start()
    code, process, leave = 1, os.getpid(), os._exit

    def end(status: int) -> NoReturn:
        """Say how the command ended: as a server does, too, which does not wait until the interpreter has."""
        if os.getpid() == process:
            sys.stdout.flush()
            sys.stderr.flush()
            caller.send(bytes([status]))
        leave(status)

    os._exit = end
    # To take apart all that was imported would take longer than the command. What it registers is called before.
    atexit.register(lambda: end(code))
    try:
        if program in programs:
            programs[program]()
        else:
            _run_module(program)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        raise


def _run_module(name: str) -> None:
    """Run a module as `python -m` does, which has not imported it before."""
    if not hasattr(sys.modules.get(name), "__path__"):
        sys.modules.pop(name, None)
    run_module(name, run_name="__main__", alter_sys=True)


def _end_with(caller: socket.socket) -> None:
    """Be killed when the caller was."""
    caller.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


def _end_without(owner: int | None, address: str) -> None:
    """If the owner has ended, remove the folder, and kill this process and what it started."""
    try:
        os.kill(os.getpid() if owner is None else owner, 0)
    except ProcessLookupError:
        shutil.rmtree(Path(address).parent, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], owner=int(sys.argv[2]) if len(sys.argv) > 2 else None)
