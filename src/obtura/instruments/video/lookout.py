"""Run as a program: looks through a camera with OpenCV, without a pause, and hands over the frames that are asked for.

The problem. What a camera has already sent waits in buffers: of the driver, of the network, of the library. Who reads a
frame when he needs one gets an old one, from before his shutter was open. Calls into OpenCV can't be interrupted, it
crashes on some streams, it writes to stderr as it likes, and a thread in it when Python ends takes the process down.

The solution. A process of its own that takes every frame as it comes, so that no buffer fills, and knows when: a frame
counts as fresh when it arrived after it was asked for, `lag` frames that were under way then left out, and had to be
waited for (one that was there at once had lain in a buffer). When who asked is gone, or has it killed, it ends.

It is told a dict `what` (see `Lookout`), then orders (kind, number, when): "rest", "hold" (a frame may be asked for at
any moment), "take" (one frame), "run" (all from now on); `when` as of `time.monotonic`, which all processes share. It
answers ("open", facts), ("down", why, when it tried), ("refused", why), and ("frame", number, frame, left out, when).
"""

import contextlib
import os
import queue
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from obtura.ground.errors import one_line
from obtura.instruments.video.reasons import is_device, is_live, why_no_picture

__all__ = ["LINGER", "Lookout", "Order", "Refused", "main"]

LINGER = 5.0
"""Seconds for which it goes on looking when nobody asks any more: to open a camera takes its time."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds until it tries again to open a camera; each pause is twice the one before."""

WAITED = 0.25
"""A frame for which it waited for that part of the time between two had not lain in a buffer; at least SHORTEST s."""

SHORTEST = 0.001

BROKEN = 20
"""Frames in a row that can't be decoded until it counts as lost."""

MOST = 200
"""Frames that may wait to be taken over."""


class Refused(Exception):
    """It can't be as it is wanted: to try again is of no use."""


class Order(NamedTuple):
    """What is wanted, since when."""

    kind: str = "rest"
    number: int = 0
    when: float = 0.0


class Lookout:
    """`what`: `source`, an int, a path, or a URL; `colour`; `size` (height, width) or None; `settings` by OpenCV's name
    without CAP_PROP_; `lag` (frames), `warm_up` (s after it is opened), `timeout` (s to open, and for a frame).
    """

    def __init__(self, line: "Connection[Any, Any]", what: dict[str, Any]) -> None:
        self._cv2: Any = None
        self._what = what
        self._line = line
        self._is_live = is_live(what["source"])
        self._order = Order(when=time.monotonic())
        self._given = threading.Condition()
        self._posts: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()

    def run(self) -> None:
        """Look, until this process ends."""
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._post, daemon=True).start()
        try:
            import cv2

            self._cv2 = cv2
            pause = FIRST_PAUSE
            while True:
                if self._once():
                    pause = FIRST_PAUSE
                if self._is_live:
                    self._end_unless_wanted()
                    time.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
        except Exception as error:  # noqa: BLE001 - it is told where it was asked
            self._posts.put(("refused", str(error) if isinstance(error, Refused) else one_line(error)))
            while True:  # until it is ended
                time.sleep(LINGER)
                self._end_unless_wanted()

    def _once(self) -> bool:
        """Open it, look through it until there is no frame any more; whether it was open."""
        began = time.monotonic()
        video = self._source()
        try:
            frame = self._first_frame(video)
            if frame is None:
                self._posts.put(("down", why_no_picture(self._what["source"], self._what["timeout"]), began))
                return False
            self._posts.put(("open", self._facts(video, frame)))
            if self._is_live:
                self._look(video)
                self._posts.put(("down", "was lost: it sends no frame any more", time.monotonic()))
            else:
                self._play(video, frame)
            return True
        finally:
            video.release()

    # -- what is wanted -------------------------------------------------------------------------------------

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                order = Order(*self._line.recv())
                with self._given:
                    self._order = order
                    self._given.notify()
        os._exit(0)

    def _post(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._line.send(self._posts.get())
        os._exit(0)

    def _end_unless_wanted(self) -> None:
        order = self._order
        if order.kind == "rest" and time.monotonic() - order.when > LINGER:
            os._exit(0)

    # -- opening --------------------------------------------------------------------------------------------

    def _source(self) -> Any:
        """What frames are read from; it need not be open."""
        cv2, source = self._cv2, self._what["source"]
        if is_device(source):
            return cv2.VideoCapture(source, cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY)
        limit = round(1000 * self._what["timeout"])
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit]
        limits += [cv2.CAP_PROP_N_THREADS, 1]  # each further one makes frames late by one
        return cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)

    def _first_frame(self, video: Any) -> Any:
        """The first frame after the time it is given to warm up; None: there is none."""
        if not video.isOpened():
            return None
        self._set(video)
        warm = time.monotonic() + (self._what["warm_up"] if self._is_live else 0.0)
        while self._grab(video):
            if time.monotonic() >= warm and (frame := self._frame(video)) is not None:
                return frame
        return None

    def _set(self, video: Any) -> None:
        size = self._what["size"] if is_device(self._what["source"]) else None
        wanted = {} if size is None else {"frame_height": size[0], "frame_width": size[1]}
        for name, value in {**wanted, **self._what["settings"]}.items():
            number = getattr(self._cv2, f"CAP_PROP_{name.upper()}", None)
            if number is None:
                raise Refused(f"OpenCV knows no setting {name}: it knows gain, exposure, auto_exposure, fps ...")
            if not video.set(number, value) and name not in wanted:  # another size is told by what comes
                raise Refused(f"does not take the setting {name}: {value:g}")

    def _facts(self, video: Any, frame: Any) -> dict[str, Any]:
        wanted, shape = self._what["size"], frame.shape[:2]
        if wanted is not None and shape != tuple(wanted):
            raise Refused(f"gives frames of {list(shape)} pixels (height, width), not of {list(wanted)} as `size` says")
        rate = float(video.get(self._cv2.CAP_PROP_FPS))
        return {"shape": frame.shape, "dtype": str(frame.dtype), "rate": rate, "by": video.getBackendName()}

    def _grab(self, video: Any) -> bool:
        """Wait for the next frame; whether one came. Some that are broken are passed over."""
        late = time.monotonic() + self._what["timeout"]
        for _ in range(BROKEN):
            if video.grab():
                return True
            if time.monotonic() > late:
                break
        return False

    def _frame(self, video: Any) -> Any:
        """The frame that was grabbed last, in grey, or red, green and blue; None: it can't be had."""
        came, frame = video.retrieve()
        if not came or frame is None:
            return None
        cv2 = self._cv2
        if self._what["colour"]:
            return cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB if frame.ndim == 2 else cv2.COLOR_BGR2RGB)
        return frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)

    # -- looking --------------------------------------------------------------------------------------------

    def _look(self, video: Any) -> None:
        """Take every frame as it comes, hand over those that are wanted; until there is none any more."""
        lag, period, last = self._what["lag"], 0.0, time.monotonic()
        asked = left_out = 0
        while True:
            worked = time.thread_time()
            began = time.monotonic()
            if not self._grab(video):
                return
            now = time.monotonic()
            waited = now - began - (time.thread_time() - worked)
            period += 0.1 * (now - last - period)
            last = now
            order = self._order
            self._end_unless_wanted()
            if order.number != asked:
                asked, left_out = order.number, 0
            goes_on = order.kind == "run" and left_out > lag
            is_wanted = order.kind == "run" or (order.kind == "take" and left_out <= lag)
            if not is_wanted or now <= order.when or not (goes_on or waited >= max(SHORTEST, WAITED * period)):
                continue
            if left_out < lag:
                left_out += 1
            elif (frame := self._frame(video)) is not None:
                left_out = lag + 1
                self._hand_over(order, frame, lag)

    def _play(self, video: Any, frame: Any) -> None:
        """Hand over frames of a file, the next whenever one is wanted; until its end."""
        rate = float(video.get(self._cv2.CAP_PROP_FPS)) or 25.0
        while frame is not None:
            with self._given:
                self._given.wait_for(lambda: self._order.kind == "run" or self._order.kind == "take")
                order = self._order
                if order.kind == "take":
                    self._order = order._replace(kind="hold")  # it is served
            self._hand_over(order, frame, 0)
            if order.kind == "run":
                time.sleep(1 / rate)
            frame = self._frame(video) if video.grab() else None

    def _hand_over(self, order: Order, frame: Any, left_out: int) -> None:
        if self._posts.qsize() > MOST:
            raise Refused(f"gives frames faster than they are taken over: {MOST} wait")
        self._posts.put(("frame", order.number, frame, left_out, time.monotonic()))


def main(descriptor: int) -> None:
    """Look through what the line at this descriptor says."""
    line: Connection[Any, Any] = Connection(descriptor)
    Lookout(line, line.recv()).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
