"""The errors obtura raises.

ObturaError
├── UsageError (ValueError)      wrong arguments: nothing was touched
│   ├── ArgumentError            an argument of a command: the answer shows the usage
│   └── LimitError               a target out of an axis' limits
├── ScanStateError (RuntimeError)  a scan used at the wrong moment
├── ScanSequenceError (RuntimeError)  a sub-scan of a sequence failed or never ended
├── DeviceError (RuntimeError)   a device failed
│   ├── DeviceBusyError          a device is in use by somebody else
│   ├── DeviceLostError (ConnectionError)  there is no connection to a device
│   ├── MisfitError              a device is not what it is taken for: to try again heals nothing
│   └── DeviceTimeoutError (TimeoutError)  a device was waited for in vain
├── HookError (RuntimeError)     a preset broke its contract
└── SavingError (RuntimeError)   the data could not be written
ScanAbort (KeyboardInterrupt)    Ctrl-C or `scan.abort()`
"""

import logging

__all__ = [
    "ArgumentError",
    "DeviceBusyError",
    "DeviceError",
    "DeviceLostError",
    "DeviceTimeoutError",
    "HookError",
    "LimitError",
    "MisfitError",
    "ObturaError",
    "SavingError",
    "ScanAbort",
    "ScanSequenceError",
    "ScanStateError",
    "UsageError",
    "annotate",
    "is_lost",
    "locate",
    "may_heal",
    "one_line",
]


log = logging.getLogger(__name__)


class ObturaError(Exception):
    """The root of what obtura raises on purpose."""


class UsageError(ObturaError, ValueError):
    """The arguments make no sense; no device was touched."""


class ArgumentError(UsageError):
    """An argument of a command is of the wrong kind; the command adds its intended usage."""


class LimitError(UsageError):
    """A target lies outside an axis' limits; nothing was moved."""


class ScanStateError(ObturaError, RuntimeError):
    """The scan is not in a state in which this can be done."""


class ScanSequenceError(ObturaError, RuntimeError):
    """A sub-scan of a sequence failed, or had not ended when the sequence did."""


class DeviceError(ObturaError, RuntimeError):
    """A device failed or did not answer."""


class DeviceBusyError(DeviceError):
    """A device is in use by another running scan, or still busy with an earlier call."""


class DeviceTimeoutError(DeviceError, TimeoutError):
    """A device was waited for in vain."""


class DeviceLostError(DeviceError, ConnectionError):
    """There is no connection to a device, or none any more."""


class MisfitError(DeviceError):
    """A device answers, but is not what it is taken for: text where a number is wanted, an attribute that it lacks."""


class HookError(ObturaError, RuntimeError):
    """A preset broke its contract, e.g. its iterator yielded something else than presets."""


class SavingError(ObturaError, RuntimeError):
    """The data could not be written."""


class ScanAbort(KeyboardInterrupt):
    """The scan was ended by Ctrl-C or by `scan.abort()`."""


_MISTAKES = (MisfitError, UsageError, TypeError, AttributeError, LookupError, NameError, NotImplementedError)


def may_heal(error: BaseException) -> bool:
    """Whether it may help to try again later: not with a mistake, or a device that is not what it is taken for."""
    return not isinstance(error, _MISTAKES)


def is_lost(error: BaseException) -> bool:
    """Whether a device is away, or silent: it may come back as it was."""
    return isinstance(error, TimeoutError | ConnectionError)


def annotate(error: BaseException, note: str) -> None:
    """Add a note, also to an error that forbids to set attributes, as a frozen dataclass does."""
    try:
        object.__setattr__(error, "__notes__", [*getattr(error, "__notes__", ()), note])
    except Exception as refused:  # noqa: BLE001 - an error must never hide behind another
        log.debug("no note could be added: %r; it is: %s", refused, note)


def locate(error: BaseException, place: str) -> None:
    """Write the place of an error into its notes, once: the innermost place is the true one."""
    if not getattr(error, "_obtura_located", False):
        object.__setattr__(error, "_obtura_located", True)
        annotate(error, place)


def one_line(error: BaseException) -> str:
    """The error as a user reads it: its text and, in brackets, the type when the text alone says little."""
    kind = type(error).__name__
    try:
        text = " ".join(str(error).split())
    except Exception as broken:  # noqa: BLE001 - a user's __str__; an error must never hide behind another
        text = f"its text can't be had, {type(broken).__name__}"
    if isinstance(error, ObturaError) and text:
        return text
    return f"{kind}: {text}" if text else kind
