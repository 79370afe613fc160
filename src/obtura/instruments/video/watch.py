"""The process that looks through a camera, as this one has it: started when needed, and anew when it has ended."""

import contextlib
import importlib.util
import os
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from multiprocessing.connection import Pipe
from typing import Any, NamedTuple

import numpy as np

from obtura.contracts.connections import Exchange
from obtura.contracts.looking import is_looking
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.instruments.video.reasons import is_live, shown
from obtura.works.clock import clock

__all__ = ["Facts", "Frame", "Watch"]

STARTING = 20.0
"""Seconds that the process may take to start, on a machine that is busy, besides the time to open the camera."""

SLICE = 0.1

UNBUFFERED = "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay"
"""What OpenCV tells FFmpeg: nothing is to wait in a buffer, and what it has looked at to know what comes is dropped."""

LONGEST_END = 2.0
"""Seconds for which an end is waited for."""

KEPT = 200
"""So many exchanges are kept."""


class Facts(NamedTuple):
    """What a camera gives: frames of `shape` and `dtype`, `rate` of them a s (so it says), by a part of OpenCV."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    rate: float
    by: str

    def __str__(self) -> str:
        rate = f", {self.rate:g} a second as it says" if self.rate > 0 else ""
        return f"{self.shape[1]} x {self.shape[0]} pixels{rate}, by {self.by}"


class Frame(NamedTuple):
    """One that was wanted by order `number`; it came `when`, after `left_out` others that were under way."""

    number: int
    pixels: Any
    left_out: int
    when: float


class Watch:
    """`what`: as of `lookout.Lookout`. `facts`: those of the camera when it was last open; None: it never was."""

    def __init__(self, name: str, what: Mapping[str, Any]) -> None:
        self.name = name
        self.address = shown(what["source"])
        self.facts: Facts | None = None
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self.is_open = False
        self.last_error = ""
        self._what = what
        self._since = 0.0
        self._order: tuple[str, int, float] = ("rest", 0, 0.0)
        self._frames: deque[Frame] = deque()
        self._process: _Process | None = None
        self._hearing = threading.Lock()
        self._telling = threading.RLock()

    # -- how it is ------------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """`open since 14:02:11 (640 x 480 pixels)`, or why it is not. Asks nobody."""
        self._catch_up()
        since = time.strftime("%H:%M:%S", time.localtime(self._since))
        if self.is_open:
            return f"open since {since} ({self.facts})"
        if self.last_error:
            return f"not open since {since}: it {self.last_error}"
        return f"closed since {since}, nobody looks through it" if self._since else "not used yet"

    def ready(self) -> Facts:
        """What it gives, once it is open.

        Raises:
            DeviceError: it can't be opened.
            DeviceTimeoutError: it is not known within the time limit whether it can be.
            UsageError: OpenCV is not installed.
        """
        began = time.monotonic()
        self._catch_up()
        late = began + self._what["timeout"] + self._what["warm_up"] + STARTING
        while self._keep_running() or not self.is_open:
            match self._next(SLICE):
                case ("down", _, when) if when >= began:
                    raise self._failure()
                case ("ended", code) if code:
                    raise self._failure()
            if time.monotonic() > late:
                told = self.last_error or "neither opens nor fails"
                raise DeviceTimeoutError(f"{self.name} was not open within {late - began:g} s: {self.address} {told}")
        assert self.facts is not None
        return self.facts

    # -- what is wanted -------------------------------------------------------------------------------------

    def tell(self, kind: str, number: int = 0) -> None:
        """What is wanted from now on, see `lookout`."""
        with self._telling:
            self._order = (kind, number, time.monotonic())
            self._frames.clear()
            if self._process is not None:
                with contextlib.suppress(OSError):  # it has just ended, which `hear` finds out
                    self._process.line.send(self._order)

    def hear(self, wait: float) -> Frame | None:
        """The next frame; None: there is none within `wait` s, or something else was told.

        Raises:
            DeviceError: it is not to be had as it is wanted.
        """
        if not self._frames:
            self._keep_running()
            self._next(wait)
        try:
            return self._frames.popleft()
        except IndexError:
            return None

    def close(self) -> None:
        """End the process."""
        with self._telling:
            self._order = ("rest", 0, time.monotonic())
            process, self._process = self._process, None
            if process is not None:
                process.end()
                self._closed("")

    # -- inside ---------------------------------------------------------------------------------------------

    def _keep_running(self) -> bool:
        """Start it, unless it runs; whether it was started."""
        with self._telling:
            if self._process is not None:
                return False
            if importlib.util.find_spec("cv2") is None:
                raise UsageError(f"{self.name} needs OpenCV: pip install 'obtura[camera]'")
            kind, number, when = self._order
            try:
                process = _Process({**self._what, "settings": {}, "size": None} if is_looking() else self._what)
                process.line.send((kind, number, time.monotonic() if kind == "rest" else when))
            except OSError as error:
                raise DeviceError(f"{self.name}: no process can be started to look through it: {error}") from error
            self._process = process
            return True

    def _catch_up(self) -> None:
        """Take in what was told meanwhile, unless somebody else is about to."""
        if self._hearing.acquire(blocking=False):
            try:
                while self._process is not None and self._understood(0.0):
                    pass
            finally:
                self._hearing.release()

    def _next(self, wait: float) -> tuple[Any, ...]:
        """The next message; empty: there is none.

        Raises:
            DeviceError: it says that it can't do what is wanted.
        """
        with self._hearing:
            message = self._understood(wait)
        if message[:1] == ("refused",):
            raise self._failure()
        return message

    def _failure(self) -> DeviceError:
        return DeviceError(f"{self.name} can't be used: {self.address} {self.last_error}")

    def _understood(self, wait: float) -> tuple[Any, ...]:
        """The next message, taken in; empty: there is none."""
        process = self._process
        if process is None:
            time.sleep(wait)
            return ()
        try:
            message = process.next(wait)
        except BaseException:  # a Ctrl-C in the midst of a message, after which the next can't be found
            self._let_go(process, "")
            raise
        match message:
            case ("open", facts):
                self._opened(Facts(tuple(facts["shape"]), np.dtype(facts["dtype"]), facts["rate"], facts["by"]))
            case ("down", why, _):
                self._closed(why)
            case ("refused", why):
                self.close()
                self._closed(why)
            case ("frame", number, _, left_out, when):
                self._frames.append(Frame(*message[1:]))
                if self._order[:2] == ("take", number):
                    others = f", after {left_out} that were under way" if left_out else ""
                    self._note(when - self._order[2], f"frame {number}", f"a frame{others}")
            case ("ended", code):
                self._let_go(process, f"ended the process that looks through it (exit code {code})" if code else "")
        return message

    def _let_go(self, process: "_Process", why: str) -> None:
        process.end()
        with self._telling:
            if self._process is process:
                self._process = None
                self._closed(why)

    def _opened(self, facts: Facts) -> None:
        if not self.is_open or facts != self.facts:
            self.is_open, self._since, self.last_error, self.facts = True, clock.epoch(), "", facts
            self._note(0.0, "open", str(facts))

    def _closed(self, why: str) -> None:
        """It is not open any more; `why` is empty when nobody wants it."""
        if self.is_open or not self._since:
            self.is_open, self._since = False, clock.epoch()
        if why != self.last_error:
            self.last_error = why
            if why:
                self._note(0.0, "open", error=why)

    def _note(self, took: float, sent: str, answer: str = "", error: str = "") -> None:
        self.exchanges.append(Exchange(clock.epoch() - took, took, sent, answer, error))


class _Process:
    """One that runs until it is ended, or not needed any more."""

    def __init__(self, what: Mapping[str, Any]) -> None:
        paths = dict.fromkeys(os.path.abspath(each) for each in sys.path if isinstance(each, str))
        seconds = str(max(1, round(what["timeout"])))
        environment = {"OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": seconds, **os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        if is_live(what["source"]):
            environment.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", UNBUFFERED)
        self.line, theirs = Pipe()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "obtura.instruments.video.lookout", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what OpenCV and the libraries below it say as they like
                pass_fds=[theirs.fileno()],
                env=environment,
                start_new_session=True,  # a Ctrl-C is for who started it
            )
        self._end = weakref.finalize(self, _end, process, os.getpid())
        self._process = process
        self.line.send(dict(what))

    def next(self, wait: float) -> tuple[Any, ...]:
        """What it tells next; empty: nothing within `wait` s. When it has ended: ("ended", its exit code)."""
        try:
            message: tuple[Any, ...] = self.line.recv() if self.line.poll(wait) else ()
            return message
        except (EOFError, OSError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LONGEST_END)
        self.end()
        return ("ended", self._process.returncode)

    def end(self) -> None:
        """End it."""
        self._end()


def _end(process: "subprocess.Popen[bytes]", owner: int) -> None:
    if os.getpid() == owner:  # not in a fork of it
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # a driver in the kernel that hangs can't be ended
            process.wait(LONGEST_END)
