"""The errors obtura raises.

ObturaError
├── UsageError (ValueError)      wrong arguments: nothing was touched
│   └── LimitError               a target out of an axis' limits
├── ScanStateError (RuntimeError)  a scan used at the wrong moment
├── DeviceError (RuntimeError)   a device failed
│   └── DeviceBusyError          a device is in use by somebody else
├── HookError (RuntimeError)     a preset broke its contract
└── SavingError (RuntimeError)   the data could not be written
ScanAbort (KeyboardInterrupt)    Ctrl-C or `scan.abort()`
"""

__all__ = [
    "DeviceBusyError",
    "DeviceError",
    "HookError",
    "LimitError",
    "ObturaError",
    "SavingError",
    "ScanAbort",
    "ScanStateError",
    "UsageError",
    "locate",
    "one_line",
]


class ObturaError(Exception):
    """The root of what obtura raises on purpose."""


class UsageError(ObturaError, ValueError):
    """The arguments make no sense; no device was touched."""


class LimitError(UsageError):
    """A target lies outside an axis' limits; nothing was moved."""


class ScanStateError(ObturaError, RuntimeError):
    """The scan is not in a state in which this can be done."""


class DeviceError(ObturaError, RuntimeError):
    """A device failed or did not answer."""


class DeviceBusyError(DeviceError):
    """A device is in use by another running scan, or still busy with an earlier call."""


class HookError(ObturaError, RuntimeError):
    """A preset broke its contract, e.g. its iterator yielded something else than presets."""


class SavingError(ObturaError, RuntimeError):
    """The data could not be written."""


class ScanAbort(KeyboardInterrupt):
    """The scan was ended by Ctrl-C or by `scan.abort()`."""


def locate(error: BaseException, place: str) -> None:
    """Write the place of an error into its notes, once: the innermost place is the true one."""
    if not getattr(error, "_obtura_located", False):
        error._obtura_located = True  # type: ignore[attr-defined]
        error.add_note(place)


def one_line(error: BaseException) -> str:
    """The error as a user reads it: its text and, in brackets, the type when the text alone says little."""
    text = " ".join(str(error).split())
    kind = type(error).__name__
    if isinstance(error, ObturaError) and text:
        return text
    return f"{kind}: {text}" if text else kind
