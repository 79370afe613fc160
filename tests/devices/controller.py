"""A motor controller as a lab may have one: it keeps a log of what it was told, and can be made to fail."""

from obtura.devices import AxisDriver, AxisState
from obtura.works.clock import clock


class Stage(AxisDriver):
    """Goes at 1 unit/s, without ramps. `error_of[method]` is raised by that method; `ends_off` misses the target."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.error_of: dict[str, BaseException] = {}
        self.ends_off = 0.0
        self.names = ("READY",)
        self.reason = ""
        self._began = 0.0
        self._from = self._to = 0.0

    def start_move(self, target, velocity, acceleration):
        self.log.append(f"start {target:g}")
        self._from, self._to, self._began = self.where(), target + self.ends_off, clock.time()
        self.fail("start_move")

    def stop(self):
        self.log.append("stop")
        self._from = self._to = self.where()
        self.fail("stop")

    def position(self):
        self.fail("position")
        return self.where()

    def state(self):
        self.fail("state")
        moving = self.where() != self._to and "FAULT" not in self.names
        return AxisState("MOVING") if moving else AxisState(*self.names, reason=self.reason)

    def where(self):
        way, passed = self._to - self._from, clock.time() - self._began
        return self._to if passed >= abs(way) else self._from + (passed if way > 0 else -passed)

    def fail(self, method):
        if method in self.error_of:
            raise self.error_of[method]
