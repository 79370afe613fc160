"""Parquet, through pyarrow: a file for each scan, with the types of the columns as they are.

Texts are strings, spectra lists of fixed length, a complex number is two columns (`z_real`, `z_imag`). The unit and the
full name are metadata of a column (`units`, `channel`); what is known of the scan is metadata of the table (`scan`,
`title`, `start`, ..., and `scan_info` as JSON). Frames, and what comes at a pace of its own, are left out and named
there.
"""

import json
from pathlib import Path
from typing import Any

import numpy.typing as npt

from obtura.data.common import as_json
from obtura.data.disk import saving_error
from obtura.data.export.words import facts_of, left_out
from obtura.data.saved_scan import SavedScan
from obtura.data.tables import extra, real_parts

__all__ = ["write_parquet"]


def write_parquet(scan: SavedScan, path: Path) -> None:
    """Write the rows of a scan.

    Raises:
        UsageError: pyarrow is not installed.
        SavingError: the file can't be written.
    """
    arrow, parquet = extra("pyarrow", "parquet"), extra("pyarrow.parquet", "parquet")
    table = scan.table()
    fields, arrays = [], []
    for name, source, values in real_parts(table.rows):
        known = {"channel": table.infos[source].channel, "units": table.unit(source) or ""}
        array = _array(arrow, values)
        fields.append(arrow.field(name, array.type, metadata={key: one for key, one in known.items() if one}))
        arrays.append(array)
    facts = {"scan": scan.name, "title": scan.title, **dict(facts_of(scan)), "left_out": left_out(table)}
    facts["scan_info"] = as_json(scan.scan_info) if scan.scan_info else ""
    facts["positioners"] = json.dumps({name: list(at) for name, at in scan.positioners.items()})
    schema = arrow.schema(fields, metadata={key: text for key, text in facts.items() if text})
    try:
        parquet.write_table(arrow.Table.from_arrays(arrays, schema=schema), str(path))
    except OSError as error:
        raise saving_error("can't be written", path, error) from error


def _array(arrow: Any, values: npt.NDArray[Any]) -> Any:
    if values.dtype.kind == "O":
        return arrow.array(values, arrow.string())
    if values.ndim == 1:
        return arrow.array(values)
    inner = arrow.array(values.reshape(-1))
    return arrow.FixedSizeListArray.from_arrays(inner, values.shape[1])
