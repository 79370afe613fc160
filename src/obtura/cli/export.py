"""`obtura export`: scans of a data file in the formats of other programs."""

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from obtura.data.disk import saving_error
from obtura.data.library import DataFile
from obtura.data.saved_scan import SavedScan
from obtura.ground.errors import UsageError

__all__ = ["export"]


def export(options: argparse.Namespace) -> int:
    """Write scans; returns the exit code. Text goes to the standard output unless a file is named."""
    file = DataFile(options.file)
    scans = [scan for number in options.numbers for scan in _scans(file, number)]
    for scan in scans:
        with scan.opened():  # one that can't be read is told before anything is written
            if scan.state == "spooled":
                raise UsageError(f"scan {scan.name}: its last data are in the spool: obtura recover {options.file}")
    writers: dict[str, Callable[[DataFile, Sequence[SavedScan], Path | None], None]] = {
        "csv": _csv,
        "documents": _documents,
        "spec": _spec,
        "parquet": _parquet,
    }
    writers[options.form](file, scans, options.output)
    return 0


def _scans(file: DataFile, number: str) -> list[SavedScan]:
    """12 with all its entries, or 12.2."""
    chosen = [scan for scan in file if number in (str(scan.number), scan.name)]
    return chosen or [file[number]]  # which says what there is


def _csv(file: DataFile, scans: Sequence[SavedScan], output: Path | None) -> None:
    with _text(output) as out:
        _module("export.as_csv").write_csv(scans, out)


def _spec(file: DataFile, scans: Sequence[SavedScan], output: Path | None) -> None:
    with _text(output) as out:
        _module("export.as_spec").write_spec(scans, out, (output or file.path).name)


def _documents(file: DataFile, scans: Sequence[SavedScan], output: Path | None) -> None:
    """A scan is one run, also when one of its top-masters was named."""
    numbers = dict.fromkeys(scan.number for scan in scans)
    with _text(output) as out:
        for number in numbers:
            _module("documents.saved").write_documents(_scans(file, str(number)), out)


def _parquet(file: DataFile, scans: Sequence[SavedScan], output: Path | None) -> None:
    """One scan into the file that is named, several into that directory; else beside each other, here."""
    if output is not None and (len(scans) > 1 or output.is_dir()):
        _make_directory(output)
        paths = [output / f"{file.path.stem}_{scan.name}.parquet" for scan in scans]
    else:
        paths = [output or Path(f"{file.path.stem}_{scan.name}.parquet") for scan in scans]
    for scan, path in zip(scans, paths, strict=True):
        _module("export.as_parquet").write_parquet(scan, path)
        print(path)


def _module(name: str) -> Any:
    return importlib.import_module(f"obtura.data.{name}")


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path}: several scans need a directory here: {error.strerror}") from None


@contextmanager
def _text(output: Path | None) -> Iterator[TextIO]:
    """The standard output, or a file that is there whole or not at all."""
    if output is None:
        yield sys.stdout
        return
    new = output.with_name(f".{output.name}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as out:
            yield out
        new.replace(output)
    except OSError as error:
        raise saving_error("can't be written", output, error) from error
    finally:
        new.unlink(missing_ok=True)
