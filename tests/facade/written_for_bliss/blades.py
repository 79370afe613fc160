"""Shutters, a switch, an actuator."""

from bliss.common.actuator import AbstractActuator, Actuator
from bliss.common.shutter import BaseShutter, BaseShutterState, Shutter, ShutterMode
from bliss.common.switch import Switch


class FastShutter(Shutter):
    """In modes, driven by methods with an underscore."""

    def _init(self):
        self.orders = []
        self._is_open = False

    def _open(self):
        self.orders.append("open")
        self._is_open = True

    def _close(self):
        self.orders.append("close")
        self._is_open = False

    def _state(self):
        return BaseShutterState.OPEN if self._is_open else BaseShutterState.CLOSED

    def _set_mode(self, value):
        self.orders.append(value.name)

    def _measure_open_close_time(self):
        return 0.25, 0.5


class FrontEnd(BaseShutter):
    """Has its own `state`, `open` and `close`; its constructor calls no other."""

    def __init__(self, name, config):
        self.__name = name
        self.__open = False

    @property
    def name(self):
        return self.__name

    @property
    def config(self):
        return {}

    @property
    def state(self):
        return BaseShutterState.OPEN if self.__open else BaseShutterState.CLOSED

    def open(self, timeout=None):
        self.__open = True

    def close(self, timeout=None):
        self.__open = False


class FilterWheel(Switch):
    def _init(self):
        self._where = "empty"

    def _set(self, state):
        self._where = state

    def _get(self):
        return self._where

    def _states_list(self):
        return ["EMPTY", "AL", "CU"]


class BeamViewer(AbstractActuator):
    def __init__(self, name, config):
        super().__init__(name, config)
        self._inside = False

    def _set_in(self):
        self._inside = True

    def _set_out(self):
        self._inside = False

    def _is_in(self):
        return self._inside

    def _is_out(self):
        return not self._inside


def made_of_functions(log):
    return Actuator(set_in=lambda: log.append("in"), set_out=lambda: log.append("out"))


assert ShutterMode.MANUAL is not None
