"""Compression of frames by HDF5's filters. Most of them are in `hdf5plugin`, which is an extra.

They work inside of HDF5, on the saver's thread and without Python's lock: acquisition goes on beside them.
"""

import importlib
from collections.abc import Sequence
from typing import Any

import h5py
from h5py import h5z

from obtura.ground.errors import SavingError, UsageError
from obtura.ground.events import ChannelInfo, ScanBegan

__all__ = ["Filter", "compressed_as", "filters_of", "require_readable", "require_writable", "with_compression"]

Filter = tuple[int, tuple[int, ...]]
"""A filter's number, as registered with the HDF Group, and its options."""

PLUGINS = "pip install 'obtura[compression]'"

_BITSHUFFLE, _BLOSC2 = 32008, 32026
_FILTERS: dict[str, tuple[Filter, ...]] = {
    "none": (),
    "gzip": ((h5z.FILTER_SHUFFLE, ()), (h5z.FILTER_DEFLATE, (1,))),  # level 1: higher ones are slow, and win little
    "bitshuffle-lz4": ((_BITSHUFFLE, (0, 2)),),  # blocks of the filter's choice; lz4
    "bitshuffle-zstd": ((_BITSHUFFLE, (0, 3, 3)),),  # zstd, level 3
    "blosc2-lz4": ((_BLOSC2, (0, 0, 0, 0, 5, 2, 1)),),  # level 5, bits shuffled, lz4
    "blosc2-zstd": ((_BLOSC2, (0, 0, 0, 0, 3, 2, 5)),),  # level 3, bits shuffled, zstd
}
_NAMES = {1: "gzip", _BITSHUFFLE: "bitshuffle", _BLOSC2: "blosc2", 32001: "blosc", 32004: "lz4", 32015: "zstd"}


def filters_of(compression: str | None) -> tuple[Filter, ...]:
    """What a compression, by its name, asks of HDF5; None is none."""
    return _FILTERS[compression or "none"]


def with_compression(began: ScanBegan, default: str) -> ScanBegan:
    """The same scan, each channel of frames with its compression: its own, or else the `default`."""
    channels = tuple(
        info._replace(compression=info.compression or default) if info.is_frame else info for info in began.channels
    )
    return began._replace(channels=channels)


def require_writable(infos: Sequence[ChannelInfo]) -> None:
    """Find out, before anything moves, whether frames can be compressed as they are to be.

    Raises:
        SavingError: the extra is missing.
    """
    for info in infos:
        if not _loaded(number for number, _ in filters_of(info.compression)):
            raise SavingError(
                f"the frames of {info.device} are to be compressed by {info.compression}, which needs an extra that "
                f"is not installed: {PLUGINS}; or set {info.device}.compression = 'gzip' or 'none'"
            )


def require_readable(dataset: h5py.Dataset) -> None:
    """Have what it takes to read a dataset.

    Raises:
        UsageError: its compression is none that is known here.
    """
    if not _loaded(_numbers(dataset)):
        raise UsageError(f"{dataset.name} is compressed by {compressed_as(dataset)}; to read it: {PLUGINS}")


def compressed_as(dataset: h5py.Dataset) -> str:
    """By what a dataset is compressed, "" if it is not."""
    if said := dataset.attrs.get("compression"):
        return str(said)
    others = [number for number in _numbers(dataset) if number not in (h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32)]
    return " and ".join(_NAMES.get(number, f"HDF5 filter {number}") for number in others)


def _numbers(dataset: h5py.Dataset) -> list[int]:
    how = dataset.id.get_create_plist()
    return [how.get_filter(index)[0] for index in range(how.get_nfilters())]


def _loaded(numbers: Any) -> bool:
    """Whether HDF5 has these filters; the extra is imported if it is needed for one of them."""
    missing = [number for number in numbers if not h5z.filter_avail(number)]
    if not missing:
        return True
    try:
        importlib.import_module("hdf5plugin")  # it registers all of its filters
    except ImportError:
        return False
    return all(h5z.filter_avail(number) for number in missing)
