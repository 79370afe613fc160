"""`plot`: draw the last scan, a given one, or one from a file."""

from pathlib import Path
from typing import Any

from obtura.display.drawing import show
from obtura.engine.scan import Scan
from obtura.scans.bench import Bench
from obtura.scans.measured import Measured, measured
from obtura.scans.pictures import pictures
from obtura.scans.selection import chosen, expanded, scan_of
from obtura.session.plot_file import is_data_file, measured_in

__all__ = ["Plotting"]


class Plotting:
    """The plots of a bench's scans."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def plot(self, scan: Any = None, *counters: Any, file: str | Path | None = None) -> None:
        """Draw a scan over its axis or the time: `plot()`, `plot(diode)`, `plot(SCANS[-2], diode, monitor)`.

        `scan`: a scan, its number, None for the last one; or the name of a data file, then the next argument may be
        the number of a scan in it: `plot("data.h5", 12)`. `counters`: by themselves or by name; none: those of
        `plotselect`, else the first. Peak, centre and width are marked and said. A mesh is an image, a spectrum a
        curve, several spectra an image, of frames the last one is shown. In a terminal it is drawn in text, in a
        notebook as a figure; `file`: write a figure there instead (.png, .pdf, .svg).

        Raises:
            UsageError: there is no such scan or counter, or nothing to draw.
        """
        if is_data_file(scan):
            seen, counters = self._from_file(Path(scan), counters)
            chosen_ones = [seen.find(name) for name in expanded(counters)] or list(seen.counters[:1])
        else:
            if scan is not None and not isinstance(scan, Scan | int):
                scan, counters = None, (scan, *counters)
            one = scan_of(self._bench, scan)
            seen = measured(one)
            chosen_ones = [seen.find(name) for name in expanded(counters)] or chosen(self._bench, one, seen)
        show(pictures(seen, chosen_ones), file)

    @staticmethod
    def _from_file(path: Path, more: tuple[Any, ...]) -> tuple[Measured, tuple[Any, ...]]:
        numbered = bool(more) and (isinstance(more[0], int) or str(more[0]).replace(".", "").isdigit())
        return measured_in(path, more[0] if numbered else None), more[1:] if numbered else more
