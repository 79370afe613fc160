"""The file format of SPEC, which silx, PyMca and many others read.

    #F name of the file         a header, again where other axes are
    #E 1552471571               its time, s since 1970
    #D Wed Mar 13 11:06:11 2019
    #O0 roby  robz              axes, eight a line, two blanks between

    #S 12 ascan roby 0 1 2 0.1  a scan; 12.2, of a second top-master, is a second scan 12, as readers count them
    #T 0.1  (Seconds)
    #P0 1.5 -2.0                where the axes were
    #N 2                        columns, then their names: axes first
    #L roby  diode
    0.0 4.5
    @A 1 2 3 4                  a spectrum, one line for each of a point; a backslash where it goes on in the next line

Values are real numbers: a complex column becomes two, `z_real` and `z_imag`; inf is 1e999, which every reader takes for
it. For NaN the format has no numeral: it is written as `nan`, which numpy reads, while silx and PyMca take it for 0; a
comment names the columns. Of texts there are none: another comment names what is left out. Names are ASCII, since
readers expect that. Times are local ones, as in SPEC; units, and what has no place here, are in comments (#C, #U).
Described in https://certif.com/spec_manual/user_1_4_1.html.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from obtura.data.export.words import flat, left_out, written
from obtura.data.saved_scan import SavedScan
from obtura.data.tables import Table, real_parts
from obtura.data.tree import unique_name

__all__ = ["write_spec"]

AXES_OF_A_LINE = 8
CHANNELS_OF_A_LINE = 16

_INFINITE = {"inf": "1e999", "-inf": "-1e999"}

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def write_spec(scans: Iterable[SavedScan], out: TextIO, name: str) -> None:
    """Write scans, one below the other; `name`: that of the file, which its header has."""
    axes: list[str] | None = None
    for scan in scans:
        positions = scan.positioners
        if axes != list(positions):
            axes = list(positions)
            out.writelines(f"{line}\n" for line in _header(scan, axes, name))
        out.writelines(f"{line}\n" for line in _scan(scan, [one.value for one in positions.values()]))


def _header(scan: SavedScan, axes: Sequence[str], name: str) -> Iterator[str]:
    began = _local(scan.start_time)
    yield f"#F {flat(name)}"
    yield f"#E {began.timestamp():.0f}"
    yield f"#D {_date(began)}"
    yield f"#C {flat(scan.session) or 'obtura'}  User = {flat(scan.user)}"
    for line, some in enumerate(_pieces(_words(axes), AXES_OF_A_LINE)):
        yield f"#O{line} {'  '.join(some)}"
    yield ""


def _scan(scan: SavedScan, positions: Sequence[float]) -> Iterator[str]:
    table = scan.table()
    yield f"#S {scan.number} {flat(scan.title)}"
    yield f"#D {_date(_local(scan.start_time))}"
    count_time = scan.scan_info.get("count_time")
    if isinstance(count_time, int | float):
        yield f"#T {count_time:g}  (Seconds)"
    for line, some in enumerate(_pieces([repr(value) for value in positions], AXES_OF_A_LINE)):
        yield f"#P{line} {' '.join(some)}"
    yield from _comments(scan, table)
    axes = {name for name, info in table.infos.items() if info.role == "axis"}
    columns = [(name, values) for name, _, values in real_parts(table.scalars) if values.dtype.kind != "O"]
    columns.sort(key=lambda column: column[0] not in axes)
    spectra = [(name, values) for name, _, values in real_parts(table.spectra)]
    if spectra and not columns:
        columns = [("point", np.arange(table.points))]
    yield from _nan_comment([name for name, values in chain(columns, spectra) if np.isnan(values).any()])
    yield from _spectra_head(spectra)
    yield f"#N {len(columns)}"
    yield f"#L {'  '.join(_words([name for name, _ in columns]))}"
    numbers = [_numbers(values) for _, values in columns]
    for point, row in enumerate(zip(*numbers, strict=True)):
        yield " ".join(row)
        yield from (_spectrum(values[point]) for _, values in spectra)
    if scan.end_reason != "SUCCESS":
        words = "aborted" if scan.end_reason == "USER_ABORT" else scan.end_reason.lower() or scan.state
        ended = _date(_local(scan.end_time)) if scan.end_time else ""
        yield f"#C {ended}  Scan {words} after {table.points} points.  {flat(scan.end_message)}".rstrip()
    yield ""


def _comments(scan: SavedScan, table: Table) -> Iterator[str]:
    units = "  ".join(f"{name} {unit}" for name in table.rows if (unit := table.unit(name)))
    if units:
        yield f"#U units: {units}"
    if out := left_out(table, texts=True):
        yield f"#C not in this table: {out}"
    yield f"#C from {flat(str(scan.file))} {scan.name}"


def _spectra_head(spectra: Sequence[tuple[str, npt.NDArray[Any]]]) -> Iterator[str]:
    if spectra:
        yield f"#@MCA %{CHANNELS_OF_A_LINE}C"
        yield f"#C the spectra of each point, in this order: {'  '.join(name for name, _ in spectra)}"
    for _, values in spectra:
        yield f"#@CHANN {values.shape[1]} 0 {values.shape[1] - 1} 1"
        yield "#@CALIB 0 1 0"  # channels as they are; readers want one for each spectrum


def _spectrum(values: npt.NDArray[Any]) -> str:
    return "@A " + "\\\n ".join(" ".join(some) for some in _pieces(_numbers(values), CHANNELS_OF_A_LINE))


def _nan_comment(names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"#C nan stands for no value, also where a reader takes it for 0, in: {'  '.join(names)}"


def _numbers(values: npt.NDArray[Any]) -> list[str]:
    return [_INFINITE.get(text, text) for text in written(values)]


def _pieces(all_of_them: Sequence[str], count: int) -> Iterator[Sequence[str]]:
    return (all_of_them[first : first + count] for first in range(0, len(all_of_them), count))


def _words(names: Sequence[str]) -> list[str]:
    """Names in ASCII, all different, that two blanks end and no blank begins."""
    words: list[str] = []
    for name in names:
        plain = unicodedata.normalize("NFKD", flat(name).replace("µ", "u"))
        words.append(unique_name(re.sub(r"[^ -~]", "_", plain) or "unnamed", words))
    return words


def _local(moment: datetime | None) -> datetime:
    return (moment or datetime.fromtimestamp(0)).astimezone()


def _date(moment: datetime) -> str:
    """As SPEC writes it, whatever the locale."""
    return f"{_DAYS[moment.weekday()]} {_MONTHS[moment.month - 1]} {moment:%d %H:%M:%S %Y}"
