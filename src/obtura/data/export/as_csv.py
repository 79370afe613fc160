"""Comma-separated values: a block of comments, a line of names with units, a line for each point.

    # scan: 12.1 ascan roby 0 1 2 0.1
    # start: 2019-03-13T11:06:11+01:00
    roby [mm],diode [A],mca[0] [counts],mca[1] [counts]
    0.0,4.5,7,9

Texts are quoted, so that blanks, commas, quotes, `#` and ends of lines in them mean nothing. A spectrum has a column
for each channel, a complex number one for each part (`z_real`, `z_imag`). Frames, and what
comes at a pace of its own, are named in the comments. `pandas.read_csv(file, comment="#")` reads a scan.
"""

import csv
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

import numpy.typing as npt

from obtura.data.export.words import facts_of, flat, left_out, written
from obtura.data.saved_scan import SavedScan
from obtura.data.tables import Table, real_parts

__all__ = ["write_csv"]


def write_csv(scans: Iterable[SavedScan], out: TextIO) -> None:
    """Write the rows of each scan, one below the other, with an empty line between."""
    for number, scan in enumerate(scans):
        if number:
            out.write("\n")
        _write(scan, out)


def _write(scan: SavedScan, out: TextIO) -> None:
    table = scan.table()
    facts = [("scan", f"{scan.name} {scan.title}"), *facts_of(scan), ("not in this table", left_out(table))]
    out.writelines(f"# {name}: {flat(text)}\n" for name, text in facts if text)
    names, columns = zip(*_columns(table), strict=True) if table.rows else ((), ())
    csv.writer(out, lineterminator="\n").writerow(names)
    out.writelines(f"{','.join(row)}\n" for row in zip(*map(_cells, columns), strict=True))


def _cells(values: npt.NDArray[Any]) -> list[str]:
    if values.dtype.kind != "O":
        return written(values)
    return ['"' + str(text).replace('"', '""') + '"' for text in values]


def _columns(table: Table) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for name, source, values in real_parts(table.rows):
        unit = f" [{table.unit(source)}]" if table.unit(source) else ""
        if values.ndim == 1:
            yield name + unit, values
        else:
            spectra = values.reshape(len(values), values.shape[1])
            yield from ((f"{name}[{channel}]{unit}", spectra[:, channel]) for channel in range(spectra.shape[1]))
