"""A process apart, in which HDF5 may hang or crash: some damaged files have it run in a circle, some end the process.

`Apart` is asked to call a function there; the next question goes to the same process, until one does not come back
from its call. A call may take so many seconds of the processor, which the system itself counts (RLIMIT_CPU): a slow
disk or a busy machine takes none of them. HDF5 may also sleep and try again without end: twelve times as many seconds
by the clock end that (an alarm). The process ends itself, so it does when who asked was killed, too. Where the system
has neither, as Windows, only crashes are told.
"""

import contextlib
import math
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, Protocol, TypeVar

if sys.platform != "win32":
    import resource

__all__ = ["Apart", "Asking", "NoAnswer", "call_here", "seconds_for"]

PATIENCE = 5.0
"""Seconds of the processor that may go into reading a file, besides those for its size."""

SPEED = 50e6
"""Bytes that are read in each further second of the processor, at the least; it takes a tenth of that."""

SLOWEST = 12
"""Seconds by the clock for each of the processor."""

_LATE = [getattr(signal, name, None) for name in ("SIGXCPU", "SIGALRM")]
"""What ends a process that took too long."""

P = ParamSpec("P")
T = TypeVar("T")


class NoAnswer(Exception):
    """HDF5 did not come back from a call; says how, as the end of a sentence about the file."""


class Asking(Protocol):
    """How a function is called: here, or in a process apart."""

    def __call__(self, seconds: float, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns or raises. `seconds`: of the processor, that it may take.

        Raises:
            NoAnswer: it took longer, or ended the process.
        """


def seconds_for(*files: Path) -> float:
    """How much of the processor the reading of files may take: many times what it takes."""
    size = 0
    for file in files:
        with contextlib.suppress(OSError):  # that one is not there is found when it is read
            size += file.stat().st_size
    return PATIENCE + size / SPEED


def call_here(_seconds: float, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """In this process, however long it takes."""
    return function(*args, **kwargs)


class Apart:
    """The process, from the first call on; within `with`, after which there is none.

    Functions are ones of modules; they, their arguments and what they return or raise can be pickled.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Apart":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def ask(self, seconds: float, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Asking`."""
        if self._process is None:
            self._process = self._started()
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None and answered is not None
        try:
            pickle.dump((seconds, function, args, kwargs), asked)
            asked.flush()
            came, answer = pickle.load(answered)
        except (EOFError, BrokenPipeError):
            raise self._no_answer() from None
        if not came:
            raise answer
        result: T = answer
        return result

    @staticmethod
    def _started() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what the C library says of a crash
            start_new_session=True,  # a Ctrl-C is for who started it
        )

    def _no_answer(self) -> Exception:
        process = self._process
        assert process is not None
        with contextlib.suppress(BrokenPipeError):
            process.communicate()  # it has ended, or does now
        self._process = None
        number = -process.returncode
        if number in _LATE:
            return NoAnswer("HDF5 does not come back from reading it")
        if number <= 0:
            return RuntimeError(f"the process that reads files ended by itself, with exit code {process.returncode}")
        return NoAnswer(f"HDF5 does not survive reading it ({signal.Signals(number).name})")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with process:  # waits for it and closes the pipes
                pass


def _answer(asked: BinaryIO, answered: BinaryIO) -> None:
    """In the process apart: answer until nobody asks any more."""
    while True:
        try:
            seconds, function, args, kwargs = pickle.load(asked)
        except EOFError:
            return
        _allow(seconds)
        answer: tuple[bool, Any]
        try:
            answer = True, function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked
            answer = False, error
        if sys.platform != "win32":
            signal.alarm(0)
        pickle.dump(answer, answered)
        answered.flush()


def _allow(seconds: float) -> None:
    """From now on the process may take so much of the processor, and so long, then the system ends it."""
    if sys.platform == "win32":
        return
    signal.alarm(math.ceil(SLOWEST * seconds))
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


if __name__ == "__main__":
    _answer(sys.stdin.buffer, sys.stdout.buffer)
