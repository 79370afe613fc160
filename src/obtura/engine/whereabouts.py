"""Which user code a thread is in, read from its stack: for those who have to say that it never returns."""

import linecache
from types import FrameType, FunctionType, TracebackType
from typing import Any, NamedTuple

from obtura.engine.hooks import Hooks
from obtura.engine.seat import Turn
from obtura.works.interrupt import Doors

__all__ = ["Whereabouts", "of_script", "raised_at", "whereabouts"]

DOORWAYS = (Doors.call.__code__, Doors.barred.__code__, Turn.call.__code__)
INNER = ("obtura.works", "obtura.engine", "obtura.testing", "obtura.rehearsal", "obtura.contracts")
"""Where a hook's line is not: between the engine and the hook, and below a `sleep` in it."""


class Whereabouts(NamedTuple):
    """`what`: of which preset which hook, and at which point; "" when it is none. `place`: `file:line, in function:
    line`. `frame`: the call that has not returned. `left`: whether the scan is being left for an error or Ctrl-C.
    """

    what: str
    place: str
    frame: FrameType
    left: bool = False


def whereabouts(frame: FrameType | None) -> Whereabouts | None:
    """Where a thread is whose innermost frame this is; None: in no user code.

    It may wait for an `async def` hook, which runs on another thread.
    """
    inside: list[FrameType] = []
    while frame is not None:
        if frame.f_code is Hooks._run_async.__code__:
            hook = frame.f_back and frame.f_back.f_back  # it had the turn make the call
            return Whereabouts(_hook(hook), _definition(hook), frame)
        if frame.f_code in DOORWAYS:
            if inside:
                return _found(_hook(frame.f_back), inside)._replace(left=_is_left(frame.f_back))
        elif not _name(frame).startswith(INNER):
            inside.append(frame)
        frame = frame.f_back
    return None


def of_script(frame: FrameType | None, file: str) -> Whereabouts | None:
    """The same for a script, while it runs no scan; `file`: as it was called."""
    found = None
    while frame is not None:
        if _name(frame).startswith("obtura.engine"):
            return None
        if frame.f_code.co_filename == file:
            found = frame
        frame = frame.f_back
    return None if found is None else _found("", [found])


def raised_at(error: BaseException) -> str:
    """The line of a hook that led to an error: `file:line, in function: line`; "" where there is none."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if not _name(trace.tb_frame).startswith(INNER):
            return _place(trace.tb_frame, trace.tb_lineno)
        trace = trace.tb_next
    return ""


def _found(what: str, inside: list[FrameType]) -> Whereabouts:
    """The outermost frame in the doorway is that of the hook."""
    frame = inside[-1]
    return Whereabouts(what, _place(frame, frame.f_lineno), frame)


def _place(frame: FrameType, line: int) -> str:
    file = frame.f_code.co_filename
    code = linecache.getline(file, line).strip()
    return f"{file}:{line}, in {frame.f_code.co_name}" + (f": {code}" if code else "")


def _definition(hook: FrameType | None) -> str:
    """Where the hook is written that this frame of the engine calls."""
    known: dict[str, Any] = {} if hook is None else hook.f_locals
    for kind in type(known.get("preset")).__mro__:
        function = vars(kind).get(known.get("hook", ""))
        if isinstance(function, FunctionType) and not function.__module__.startswith(INNER):
            return f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}, async def {function.__name__}"
    return ""


def _is_left(hook: FrameType | None) -> bool:
    return hook is not None and hook.f_code is Hooks._call.__code__ and bool(hook.f_locals["self"]._outcome.bad)


def _hook(frame: FrameType | None) -> str:
    """Of the engine's frame that made the call."""
    while frame is not None:
        if frame.f_code is Hooks._call.__code__:
            return f"{frame.f_locals['what']}{frame.f_locals['circle'].where()}"
        if frame.f_code is Hooks._next.__code__:
            return f"{frame.f_locals['given'].duty[0]}{frame.f_locals['iteration'].where()}"
        if frame.f_code in (Hooks._open_iterator.__code__, Hooks._close.__code__):
            return str(frame.f_locals["what"])
        if frame.f_code in DOORWAYS:
            return ""
        frame = frame.f_back
    return ""


def _name(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
