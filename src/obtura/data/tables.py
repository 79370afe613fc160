"""The rows of a scan as tables of other programs: pandas and xarray, when they are installed."""

import importlib
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import h5py
import numpy as np
import numpy.typing as npt

from obtura.data.grid import Grid, on_grid
from obtura.data.saved_column import ColumnInfo, column_infos
from obtura.ground.errors import UsageError

__all__ = ["Table", "as_dataframe", "as_dataset", "extra", "real_parts", "table_of"]


class Table(NamedTuple):
    """What a scan has measured, but for frames, as it stood at one moment.

    `rows`: columns of equal length, scalars and spectra, a row for each complete point. `others`: what came at a pace
    of its own, each as long as it is. `frames`: the names of what is left out.
    """

    rows: dict[str, npt.NDArray[Any]]
    others: dict[str, npt.NDArray[Any]]
    frames: tuple[str, ...]
    infos: dict[str, ColumnInfo]

    @property
    def points(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.rows.values()), ()))

    @property
    def scalars(self) -> dict[str, npt.NDArray[Any]]:
        """The columns of rows that have a number, or a text, in each."""
        return {name: values for name, values in self.rows.items() if values.ndim == 1}

    @property
    def spectra(self) -> dict[str, npt.NDArray[Any]]:
        """The columns of rows that have a spectrum in each."""
        return {name: values for name, values in self.rows.items() if values.ndim > 1}

    def unit(self, name: str) -> str | None:
        """The unit of a column."""
        return self.infos[name].unit


def table_of(entry: h5py.Group, points: int, finished: bool) -> Table:
    """Read the rows of an entry."""
    infos = column_infos(entry, points, finished)
    read = {name: _values(entry["measurement"][name]) for name, info in infos.items() if not info.is_frame}
    rows = {name: values for name, values in read.items() if infos[name].forms_rows}
    count = min(map(len, rows.values()), default=0)
    others = {name: values for name, values in read.items() if name not in rows}
    frames = tuple(name for name, info in infos.items() if info.is_frame)
    return Table({name: values[:count] for name, values in rows.items()}, others, frames, infos)


def _values(dataset: h5py.Dataset) -> npt.NDArray[Any]:
    return np.asarray(dataset.asstr()[:] if h5py.check_string_dtype(dataset.dtype) else dataset[:])


def real_parts(columns: Mapping[str, npt.NDArray[Any]]) -> Iterator[tuple[str, str, npt.NDArray[Any]]]:
    """Name, name of the column it comes from, values; a complex column becomes two: `z_real`, `z_imag`."""
    for name, values in columns.items():
        if values.dtype.kind == "c":
            yield f"{name}_real", name, values.real
            yield f"{name}_imag", name, values.imag
        else:
            yield name, name, values


def extra(module: str, name: str) -> Any:
    """A module of the extra `name`.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(f"this needs {module} ({error}); install it: pip install 'obtura[{name}]'") from error


def as_dataframe(table: Table, name: str, title: str) -> Any:
    """A `pandas.DataFrame` of the scalars."""
    pandas = extra("pandas", "analysis")
    frame = pandas.DataFrame(table.scalars, index=pandas.RangeIndex(table.points, name="point"))
    frame.attrs.update(
        scan=name,
        title=title,
        units={each: unit for each in table.scalars if (unit := table.unit(each))},
        left_out=[*table.spectra, *table.others, *table.frames],
    )
    return frame


def as_dataset(table: Table, images: Mapping[str, Any], name: str, title: str, mesh: Grid | None = None) -> Any:
    """A `xarray.Dataset` of all there is; `images`: frames with their units; `mesh`: the grid its points are on."""
    xarray = extra("xarray", "analysis")
    variables = {each: _variable(each, values, table.unit(each), "point") for each, values in table.rows.items()}
    for each, values in table.others.items():
        variables[each] = _variable(each, values, table.unit(each), f"{each}_point")
    for each, (unit, values) in images.items():
        forms_rows = table.infos[each].forms_rows
        cut = values[: table.points] if forms_rows and table.rows else values
        alone = not forms_rows or len(cut) != table.points
        variables[each] = _variable(each, cut, unit, f"{each}_point" if alone else "point")
    axes = [each for each in table.rows if table.infos[each].role == "axis"]
    about = {"scan": name, "title": title}
    along = _along(table, mesh)
    if mesh is not None and along:
        return xarray.Dataset(*_as_grid(variables, mesh, along), about)
    data = {each: one for each, one in variables.items() if each not in axes}
    return xarray.Dataset(data, {each: variables[each] for each in axes}, about)


def _along(table: Table, mesh: Grid | None) -> list[str]:
    """The columns of the axes of a mesh, the slowest first; none when these rows are not on it."""
    if mesh is None or table.points > math.prod(mesh.shape):
        return []
    axes = {info.channel.rpartition(":")[2]: each for each, info in table.infos.items() if info.role == "axis"}
    return [axes[name] for name in mesh.names] if axes.keys() >= set(mesh.names) else []


def _as_grid(
    variables: Mapping[str, tuple[Any, ...]], mesh: Grid, along: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Variables on the grid, and its coordinates; where an axis really was is called `roby_measured`."""
    data = {
        f"{each}_measured" if each in along else each: (
            ([*along, *dims[1:]], on_grid(values, mesh), about) if dims[0] == "point" else (dims, values, about)
        )
        for each, (dims, values, about) in variables.items()
    }
    coordinates = {
        each: ([each], positions, variables[each][2]) for each, positions in zip(along, mesh.positions, strict=True)
    }
    return data, coordinates


def _variable(name: str, values: npt.NDArray[Any], unit: str | None, along: str) -> tuple[Any, ...]:
    inside = {1: [f"{name}_channel"], 2: [f"{name}_y", f"{name}_x"]}
    rank = values.ndim - 1
    dims = [along, *inside.get(rank, [f"{name}_{number}" for number in range(rank)])]
    return dims, values, ({"units": unit} if unit else {})
