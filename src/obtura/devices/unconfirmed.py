"""What a shutter was told and nobody confirmed: it is said with its connection until somebody knows where it is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from obtura.devices.shutter_driver import ShutterState
from obtura.ground.errors import DeviceError, annotate, is_lost
from obtura.works.clock import clock

__all__ = ["Unconfirmed"]


class Unconfirmed:
    """Mixed into a shutter that is reached over a connection."""

    doubt = ""
    """Why nobody knows where it is; empty: somebody does, or it has not been asked."""

    @contextmanager
    def telling(self, order: str) -> Iterator[None]:
        """The body tells it to "open" or to "close". When the other side is gone or hangs, or Ctrl-C ends the wait for
        it, that may or may not be done.

        It is not told again by itself: once the other side is back, somebody may have opened it on purpose.
        """
        try:
            yield
        except KeyboardInterrupt:
            self._unconfirmed(order)
            raise
        except DeviceError as error:
            if is_lost(error):
                self._unconfirmed(order)
                annotate(error, f"nobody knows whether it is closed: {order} it again once its connection is back")
            raise
        self.doubt = ""

    def _unconfirmed(self, order: str) -> None:
        when = time.strftime("%H:%M:%S", time.localtime(clock.epoch()))
        self.doubt = f"NOT KNOWN TO BE CLOSED: told to {order} at {when}, and nobody confirmed it"

    def seen(self, state: ShutterState) -> ShutterState:
        """`state`, as the other side tells it: if that is open or closed, it is known where it is."""
        if state in (ShutterState.OPEN, ShutterState.CLOSED):
            self.doubt = ""
        return state

    def doubted(self, connection: str) -> str:
        """How it is connected, with that."""
        return f"{self.doubt}; {connection}" if self.doubt else connection
