"""What Tango raises, in plain words.

A DevFailed is a stack of errors: the first is the innermost, its `reason` a word of Tango's or of the server's author,
its `desc` a sentence. Of a CORBA exception, which is in front where a server can't be reached, the sentence says
nothing to a user; the next one does.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from obtura.ground.errors import DeviceError, DeviceTimeoutError, MisfitError, one_line

__all__ = ["LOST", "Failure", "asked_too_soon", "failure_of", "told_by"]

_PYTHON = "PyDs_PythonError"
_LATE = "API_DeviceTimedOut"
_MISSING = {"API_AttrNotFound", "API_CommandNotFound", "API_IncompatibleCmdArgumentType", "API_AttrNotWritable"}

LOST = {
    "DB_DeviceNotDefined": "the Tango database knows no such device: is the name right?",
    "API_CantConnectToDatabase": "the Tango database does not answer: is it running, and TANGO_HOST right?",
    "API_DeviceNotExported": "the Tango database knows it, but no server has it: is its device server running?",
    "API_DeviceNotDefined": "its server has no such device: is the name right, and has it started?",
    "API_ServerNotRunning": "is its device server running?",
    "API_CantConnectToDevice": "is its device server running?",
    "API_CommunicationFailed": "is its device server running?",
    "API_CorbaException": "is its device server running?",
}
"""Reasons for which there is no connection, the most telling first, and what to look at."""

_ENDINGS = re.compile(r"\s*\n\s*")


class Failure(NamedTuple):
    """What went wrong. `lost`: there is no connection any more; `late`: no answer came in time; `misfit`: it has no
    such thing.
    """

    what: str
    lost: bool = False
    late: bool = False
    misfit: bool = False

    @property
    def kind(self) -> type[DeviceError]:
        """The error to raise."""
        return DeviceTimeoutError if self.late else MisfitError if self.misfit else DeviceError


def asked_too_soon(error: BaseException | None) -> bool:
    """Whether Tango refuses to try again within a second: its server listens, but is not there yet."""
    told = (str(getattr(each, "desc", "")) for each in getattr(error, "args", ()))
    return any("connection request was delayed" in each for each in told)


def failure_of(error: Exception, timeout: float) -> Failure:
    """What an exception of Tango's client says, after the address of the device. `timeout`: s that it had."""
    stack: Sequence[Any] = [each for each in error.args if hasattr(each, "reason")]
    if not stack:  # what its Python layer raises, e.g. of a value that does not fit
        return Failure(f"failed: {one_line(error)}")
    reasons = [each.reason for each in stack]
    if _LATE in reasons or any("CallTimedout" in each.desc for each in stack):
        return Failure(f"did not answer within {timeout:g} s; does its device server hang?", late=True)
    if "API_CommandTimedOut" in reasons:
        return Failure("is busy: its server is still at something that it was told before", late=True)
    for reason, remedy in LOST.items():
        if reason in reasons:
            return Failure(f"is not connected: {remedy}", lost=True)
    return Failure(f"refused: {told_by(stack)}", misfit=not _MISSING.isdisjoint(reasons))


def told_by(stack: Sequence[Any]) -> str:
    """The reason and the description of the innermost error."""
    inner = next((each for each in stack if each.reason != "API_CorbaException"), stack[0])
    desc = _ENDINGS.sub("; ", inner.desc.strip())
    return desc if inner.reason == _PYTHON else f"{inner.reason}: {desc}"
