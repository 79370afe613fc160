"""The scan of a bench: it can be asked where its peak is."""

from typing import Any, ClassVar

from obtura.acquisition.motion import Return
from obtura.engine.safety import Insured, promise
from obtura.engine.scan import Scan
from obtura.scans.align import Found, Function

__all__ = ["BenchScan"]


class BenchScan(Scan):
    """Moves and measures, once: `scan.run()`. Then `scan.peak()`, `scan.goto_cen()`...

    `chain` says what triggers what; `scan_info` is kept with the data; with `save`, data go where `scan_saving`
    says (None: where the session says).
    """

    bench: ClassVar[Any]
    plotted: tuple[Any, ...] = ()
    """The counters that `plotinit` chose for this scan."""
    back: Return | None = None
    """The return of axes that it promises."""
    _promise: Insured | None = None

    def _begins(self) -> None:
        """From now on it is the last scan; one that was refused never is."""
        kind = self.scan_info.get("type")
        if kind not in ("ct", "sequence"):
            self.plotted = self.bench.selection.take_next()
        if kind != "ct":
            self.bench.scans.append(self)
        if self.back is not None:
            self._promise = promise(self.back.promised, self.surroundings.ledger, self)
        super()._begins()

    def _ends(self) -> None:
        """Those that began and ended within it are older than it."""
        if self in self.bench.scans:
            self.bench.scans.remove(self)
            self.bench.scans.append(self)
        if self._promise is not None:  # kept; or an error, or Ctrl-C, has told where they stand
            self._promise.over()
        super()._ends()

    def cen(self, counter: Any = None, axis: Any = None) -> Found:
        """The centre at half height; {axis: position} when several axes moved."""
        return self._ask("cen", counter, axis)

    def fwhm(self, counter: Any = None, axis: Any = None) -> Found:
        """The full width at half maximum; {axis: width} when several axes moved."""
        return self._ask("fwhm", counter, axis)

    def com(self, counter: Any = None, axis: Any = None) -> Found:
        """The centre of mass; {axis: position} when several axes moved."""
        return self._ask("com", counter, axis)

    def peak(self, counter: Any = None, axis: Any = None) -> Found:
        """Where it is highest; {axis: position} when several axes moved."""
        return self._ask("peak", counter, axis)

    def trough(self, counter: Any = None, axis: Any = None) -> Found:
        """Where it is lowest; {axis: position} when several axes moved."""
        return self._ask("trough", counter, axis)

    def find_position(self, func: Function, counter: Any = None, axis: Any = None) -> Found:
        """What `func(x, y)` finds; {axis: position} when several axes moved."""
        return self._ask("find_position", func, counter, axis)

    def goto_cen(self, counter: Any = None, axis: Any = None) -> None:
        """Move the scanned axes to `cen`."""
        self._ask("goto_cen", counter, axis)

    def goto_com(self, counter: Any = None, axis: Any = None) -> None:
        """Move the scanned axes to `com`."""
        self._ask("goto_com", counter, axis)

    def goto_peak(self, counter: Any = None, axis: Any = None) -> None:
        """Move the scanned axes to `peak`."""
        self._ask("goto_peak", counter, axis)

    def goto_min(self, counter: Any = None, axis: Any = None) -> None:
        """Move the scanned axes to `trough`."""
        self._ask("goto_min", counter, axis)

    def goto_custom(self, func: Function, counter: Any = None, axis: Any = None) -> None:
        """Move the scanned axes to what `find_position(func)` says."""
        self._ask("goto_custom", func, counter, axis)

    def where(self, axis: Any = None) -> Found:
        """Say where the scanned axes stand now, and return it."""
        return self._ask("where", axis)

    def _ask(self, command: str, *arguments: Any) -> Found:
        found: Found = getattr(self.bench, command)(*arguments, scan=self)
        return found
