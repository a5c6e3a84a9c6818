"""`serve --workers N`: a parent that starts N processes at the same listening sockets, and watches them.

The parent binds the ports, forks the workers, and does nothing else: a worker that ends is replaced, SIGTERM and SIGINT
end all of them, SIGHUP replaces one after the other (the next begins before the last ends). A connection that no worker
has taken yet waits at the socket, which stays open as long as the parent lives; workers end with the parent, however
that ends. What workers have in common is PostgreSQL's (docs/decisions/0064).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fauxtune.core.errors import FauxtuneError, Unavailable
from fauxtune.server import StartRefused, lifespan, readiness
from fauxtune.server.serve import Announce, Ports, Ready, open_ports, prepare, run_loop, serve_at
from fauxtune.settings import Settings

#: Exit codes of a worker: of one that another try would not help, and of one that failed.
_REFUSED, _FAILED = 3, 1
#: Seconds that workers have to end, and before a worker is replaced that failed: longer each time it fails at once.
_END_SECONDS = 30.0
#: Seconds after which a worker whose parent was killed ends by force (SIGALRM), whatever it does.
_LAST_SECONDS = 10
_PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0)
_STOPS = (signal.SIGTERM, signal.SIGINT)
#: Ends what a worker announces.
_END = b"\n"
#: Asks a worker to end once its clients have gone, to the others.
_LEAVE = signal.SIGUSR1
_SIGNALS = (*_STOPS, signal.SIGHUP, signal.SIGCHLD)

log = logging.getLogger(__name__)


def run_workers(settings: Settings, announce: Announce) -> None:
    """Serve by several processes until SIGINT or SIGTERM. Raises StartRefused if they cannot start, or cannot go on."""
    prepare(settings)
    with lifespan.data_folder(settings) as folder, open_ports(settings) as ports:
        readiness.remove(folder)
        _Parent(settings, folder, ports=ports, announce=announce).run()


@dataclass(slots=True)
class _Worker:
    """A process, and the parent's end of the pipe between them. `ready`: what it has announced."""

    number: int
    pid: int
    pipe: socket.socket
    ready: Ready | None = None
    is_stopping: bool = False
    received: bytes = b""


@dataclass(slots=True)
class _Parent:
    settings: Settings
    folder: Path
    ports: Ports
    announce: Announce
    workers: dict[int, _Worker] = field(default_factory=dict)
    #: By the number of a worker: how often it failed before it was ready, and when it is replaced.
    failures: dict[int, int] = field(default_factory=dict)
    due: dict[int, float] = field(default_factory=dict)
    is_announced: bool = False
    is_ending: bool = False
    #: The numbers of the workers that SIGHUP has yet to replace, and the process that is being replaced.
    to_renew: list[int] = field(default_factory=list)
    leaving: _Worker | None = None

    def run(self) -> None:
        with _signals() as wakes:
            try:
                self._start(1)
                while self.workers or not self.is_ending:
                    self._wait(wakes)
                    self._step()
            finally:
                readiness.remove(self.folder)
                self._end_all()

    # ------------------------------------------------------------------------------------------------------- workers

    def _start(self, number: int) -> None:
        here, there = socket.socketpair()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        pid = os.fork()
        if pid == 0:
            here.close()
            for other in self.workers.values():
                other.pipe.close()
            os._exit(_live(lambda: _serve(there, self)))
        there.close()
        here.setblocking(False)
        self.due.pop(number, None)
        self.workers[pid] = _Worker(number, pid, here)
        log.info("Worker %s is process %s.", number, pid)

    def _wait(self, wakes: socket.socket) -> None:
        pauses = [max(0.0, at - time.monotonic()) for at in self.due.values()]
        pipes = {worker.pipe: worker for worker in self.workers.values() if worker.ready is None}
        ready, _, _ = select.select([wakes, *pipes], [], [], min(pauses, default=None))
        for source in ready:
            if source is not wakes:
                self._receive(pipes[source])
        if wakes in ready:
            for number in wakes.recv(4096):
                self._signalled(number)

    def _receive(self, worker: _Worker) -> None:
        content = b""
        with contextlib.suppress(ConnectionResetError):
            content = worker.pipe.recv(65536)
        worker.received += content
        line, end, _ = worker.received.partition(_END)
        if end:
            worker.ready = Ready.of(line)
            self.failures.pop(worker.number, None)
        if not content and worker.ready is None:
            time.sleep(0.01)  # it ends: SIGCHLD comes next

    def _signalled(self, number: int) -> None:
        if number in _STOPS:
            self._stop_all()
        elif number == signal.SIGHUP and not self.to_renew:
            self.to_renew = sorted({worker.number for worker in self.workers.values()})
            log.warning("All workers are replaced, one after the other.")
        elif number == signal.SIGCHLD:
            for pid in list(self.workers):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    self._ended(self.workers.pop(pid), os.waitstatus_to_exitcode(status))

    def _ended(self, worker: _Worker, code: int) -> None:
        worker.pipe.close()
        if worker is self.leaving:
            self.leaving = None
        if self.is_ending or worker.is_stopping:
            return
        if code == _REFUSED or (code != 0 and not self.is_announced):
            raise StartRefused("The workers end, for the reason above.")
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
        log.warning("Worker %s (process %s) has ended %s; another takes its place.", worker.number, worker.pid, how)
        failures = 0 if worker.ready else self.failures.get(worker.number, 0) + 1
        self.failures[worker.number] = failures
        self.due[worker.number] = time.monotonic() + _PAUSES[min(failures, len(_PAUSES) - 1)]

    # ---------------------------------------------------------------------------------------------------------- steps

    def _step(self) -> None:
        if self.is_ending:
            return
        for number in [number for number, at in self.due.items() if at <= time.monotonic()]:
            self._start(number)
        ready = [worker for worker in self.workers.values() if worker.ready]
        if not self.is_announced and ready:
            # The first one has made the tables, the keys and the tenant; the others need not.
            known = {worker.number for worker in self.workers.values()} | set(self.due)
            for number in range(1, self.settings.workers + 1):
                if number not in known:
                    self._start(number)
            if len(ready) == self.settings.workers:
                self._announce(ready[0])
        self._renew()

    def _announce(self, worker: _Worker) -> None:
        assert worker.ready is not None
        self.is_announced = True
        readiness.write(self.folder, worker.ready.endpoints)
        self.announce(worker.ready)

    def _renew(self) -> None:
        """Replace the next worker, once its successor is ready and the one before has ended."""
        if not self.to_renew or self.leaving is not None:
            return
        number = self.to_renew[0]
        both = [worker for worker in self.workers.values() if worker.number == number]
        if len(both) == 1:
            self._start(number)
        elif both and all(worker.ready for worker in both):
            self.to_renew.pop(0)
            self.leaving = both[0]
            self._stop(both[0], by=_LEAVE)

    def _stop_all(self) -> None:
        self.is_ending = True
        for worker in self.workers.values():
            self._stop(worker)

    def _stop(self, worker: _Worker, *, by: signal.Signals = signal.SIGTERM) -> None:
        worker.is_stopping = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, by)

    def _end_all(self) -> None:
        """End what is left, at the latest by force."""
        self._stop_all()
        ends = time.monotonic() + _END_SECONDS
        while self.workers:
            for pid in list(self.workers):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    del self.workers[pid]
                elif time.monotonic() > ends:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)


@contextlib.contextmanager
def _signals() -> Iterator[socket.socket]:
    """Turn the parent's signals into bytes that can be waited for."""
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    before = {number: signal.signal(number, lambda _number, _frame: None) for number in _SIGNALS}
    signal.set_wakeup_fd(writing.fileno())
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        reading.close()
        writing.close()


# -------------------------------------------------------------------------------------------------------- in the worker


def _live(work: Callable[[], None]) -> int:
    """Do a worker's work; return its exit code. A refusal is a sentence on standard error."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGHUP, *_STOPS):
        signal.signal(number, signal.SIG_IGN if number == signal.SIGHUP else signal.SIG_DFL)
    try:
        work()
    except (StartRefused, FauxtuneError) as error:
        sys.stderr.write(f"fauxtune: {error}\n")
        return _FAILED if isinstance(error, Unavailable) else _REFUSED
    except BaseException:
        traceback.print_exc()
        return _FAILED
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    return 0


def _serve(pipe: socket.socket, parent: _Parent) -> None:
    async def life() -> None:
        task = asyncio.current_task()
        assert task is not None
        pipe.setblocking(False)
        loop = asyncio.get_running_loop()

        def parent_ended() -> None:
            # Once: the end of a pipe can be read again and again, and what cleans up is not to be cancelled.
            loop.remove_reader(pipe)
            signal.alarm(_LAST_SECONDS)
            task.cancel()

        # Nothing comes through the pipe but its end, which is the parent's.
        loop.add_reader(pipe, parent_ended)
        leave = asyncio.Event()
        loop.add_signal_handler(_LEAVE, leave.set)

        def announced(ready: Ready) -> None:
            pipe.setblocking(True)
            pipe.sendall(ready.line() + _END)
            pipe.setblocking(False)

        await serve_at(parent.ports, parent.folder, settings=parent.settings, announce=announced, leave=leave)

    run_loop(life)
