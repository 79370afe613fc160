"""What has to be undone also when this process dies: it is noted in the ledger, and the guard made ready to undo it.

The order is the point: noted and armed before anything is opened, struck off only after it was closed. What could not
be closed stays noted and armed.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from obtura.contracts.safety import SafeAction, UnreachableError
from obtura.ground.errors import one_line
from obtura.works.guard import NoGuardError, guard
from obtura.works.ledger import Ledger

__all__ = ["Insured", "Safety", "insure", "promise"]

log = logging.getLogger(__name__)


class Insured:
    """Something that is insured: `over()` when it was undone. `number`, `entry`: what guard and ledger call it."""

    def __init__(self, number: int | None, ledger: Ledger | None, entry: str) -> None:
        self._number = number
        self._ledger = ledger
        self._entry = entry

    def over(self) -> None:
        """It was undone."""
        if self._number is not None:
            guard.disarm(self._number)
        if self._ledger is not None and self._entry:
            try:
                self._ledger.end(self._entry)
            except OSError as error:
                log.warning("%s can't be written: %s", self._ledger.path, one_line(error))


def insure(
    name: str, action: Callable[[], SafeAction], ledger: Ledger | None, say: Callable[[str], object], scan: Any = None
) -> Insured:
    """Note what `scan` (None: somebody, by hand) is about to do, and have the guard ready to undo it.

    `action` gives how; `name` is what it is called when it can't. What is not possible is told with `say`, and logged.
    """
    told: SafeAction | None = None
    why = ""
    try:
        told = action()
        name = told.name or name
    except UnreachableError as error:
        name, why = error.name, str(error)
    except Exception as error:  # noqa: BLE001 - a user's method; the scan goes on, and this is told
        why = one_line(error)
    action_told = None if told is None else told.described()
    entry = _noted({"what": "due", "name": name, "action": action_told}, ledger, say, scan)
    number = None
    if told is not None:
        try:
            number = guard.arm(name, told.described(), None if ledger is None else ledger.path, entry)
        except NoGuardError as error:
            why = str(error)
        except BaseException:  # Ctrl-C while the guard starts: what would have to be undone was not begun
            Insured(None, ledger, entry).over()
            raise
    if number is None:
        log.warning("no guard for %s: %s", name, why)
        say(f"no guard for {name}: {why}; when this process dies, nobody does it")
    return Insured(number, ledger, entry)


def promise(axes: Sequence[tuple[str, float, str | None]], ledger: Ledger | None, scan: Any) -> Insured:
    """Note that `scan` will return axes: name, position, unit of each. No guard moves axes; a later session is told."""
    return Insured(None, ledger, _noted({"what": "move", "axes": list(axes)}, ledger, scan.say, scan))


def _noted(facts: Mapping[str, Any], ledger: Ledger | None, say: Callable[[str], object], scan: Any) -> str:
    if ledger is None:
        return ""
    by = {} if scan is None else {"scan": scan.scan_number, "scan_name": scan.name}
    try:
        return ledger.begin(**facts, **by)
    except OSError as error:
        log.warning("%s can't be written: %s", ledger.path, one_line(error))
        say(f"{ledger.path} can't be written: {one_line(error)}; a later session will not know what was left undone")
        return ""


class Safety:
    """The presets of one scan that are insured, those with `safety = True`."""

    def __init__(self, scan: Any) -> None:
        self._scan = scan
        self.insured: dict[int, Insured] = {}
        """Those that are entered, by their id."""

    def entering(self, preset: Any) -> None:
        """One with `safety` is about to be prepared."""
        ledger = self._scan.surroundings.ledger
        name = type(preset).__name__
        self.insured[id(preset)] = insure(name, preset.safety_action, ledger, self._scan.say, self._scan)

    def left(self, preset: Any) -> None:
        """It was stopped, and that went well."""
        insured = self.insured.pop(id(preset), None)
        if insured is not None:
            insured.over()
