"""Records whose values are looked up whenever they are read, and whose puts call a function."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import caproto
import numpy as np

__all__ = ["array", "choice", "long_text", "number", "whole"]

_Put = Callable[[Any], Awaitable[None] | None]


class _Live:
    """Mixed into a class of caproto's. `put` may be a coroutine: the put is confirmed when it returns."""

    look: Callable[[], Any]
    put: _Put | None = None
    is_dead: Callable[[], bool] | None = None
    _was_dead = False

    async def read(self, data_type: Any) -> Any:
        await self.write(self.look(), verify_value=False)  # type: ignore[attr-defined]
        if self.is_dead is not None and (dead := self.is_dead()) != self._was_dead:
            self._was_dead = dead
            status = caproto.AlarmStatus.COMM if dead else caproto.AlarmStatus.NO_ALARM
            severity = caproto.AlarmSeverity.INVALID_ALARM if dead else caproto.AlarmSeverity.NO_ALARM
            await self.alarm.write(status=status, severity=severity)  # type: ignore[attr-defined]
        return await super().read(data_type)  # type: ignore[misc]

    async def verify_value(self, value: Any) -> Any:
        if self.put is not None and (waiting := self.put(self.plain(value))) is not None:
            await waiting
        return value

    def plain(self, value: Any) -> Any:
        """What was put, as Python has it."""
        return value if isinstance(value, str) or not hasattr(value, "__len__") else value[0]

    def check_access(self, _hostname: str, _username: str) -> Any:
        rights = caproto.AccessRights
        return rights.READ if self.put is None else rights.READ | rights.WRITE


class _Number(_Live, caproto.ChannelDouble):  # type: ignore[misc]  # caproto has no types
    """A number."""


class _Whole(_Live, caproto.ChannelInteger):  # type: ignore[misc]
    """A whole number, or an array of them."""


class _Choice(_Live, caproto.ChannelEnum):  # type: ignore[misc]
    """One of some named states; a put gives the name or its number."""

    async def verify_value(self, value: Any) -> Any:
        index = value if isinstance(value, str) else self.enum_strings[int(np.ravel(value)[0])]
        return await super().verify_value(index)


class _LongText(_Live, caproto.ChannelChar):  # type: ignore[misc]
    """An array of characters, as EPICS has long texts."""

    def plain(self, value: Any) -> Any:
        text = value if isinstance(value, str) else bytes(value).decode()
        return text.partition("\0")[0]


def _made(record: Any, look: Callable[[], Any], put: _Put | None) -> Any:
    record.look, record.put = look, put
    return record


def number(look: Callable[[], float], put: _Put | None = None) -> Any:
    """A number."""
    return _made(_Number(value=0.0), look, put)


def whole(look: Callable[[], int], put: _Put | None = None) -> Any:
    """A whole number."""
    return _made(_Whole(value=0), look, put)


def array(look: Callable[[], Any], length: int) -> Any:
    """An array of whole numbers, at most `length`."""
    return _made(_Whole(value=[0], max_length=length), look, None)


def choice(states: Sequence[str], look: Callable[[], str], put: _Put | None = None) -> Any:
    """One of some named states."""
    return _made(_Choice(value=states[0], enum_strings=list(states)), look, put)


def long_text(look: Callable[[], str], put: _Put | None = None) -> Any:
    """Up to 256 characters."""
    return _made(_LongText(value="", max_length=256), look, put)
