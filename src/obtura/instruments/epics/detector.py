"""A camera of areaDetector."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt

from obtura.contracts.twins import Twin
from obtura.devices.camera import Camera
from obtura.ground.errors import DeviceBusyError, DeviceError, UsageError, one_line
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.epics.detector_driver import INSIDE, DetectorDriver
from obtura.instruments.epics.detector_plugins import ArrayPlugin, FilePlugin
from obtura.instruments.epics.link import TIMEOUT, Link
from obtura.instruments.epics.linked import OfPVs
from obtura.instruments.epics.pvs import PVs

__all__ = ["AreaDetector"]

ANY_SIZE = (1 << 31, 1 << 31)


class AreaDetector(OfPVs, Camera):
    """A camera of areaDetector, `prefix` e.g. "X:cam1:", with the plugin that its frames go through.

    `file`, e.g. "X:HDF1:": its plugin writes them into a file of its own (NDFileHDF5), for each scan one, that the
    scan's file links to; `inside`: where in it they are. `seen_as`: directories here, and what the IOC calls them. Its
    regions are then the IOC's to count. `array`, e.g. "X:image1:": frames come over EPICS (NDStdArrays), where there is
    no `file`; else it serves `take` only.

    `exposure`, `rois`, `timeout`, `compression`: as of `Camera`. `readout_time`: s between two exposures; `wire`: its
    TriggerMode for the trigger type HARDWARE, "Internal" for as fast as it can. `answer_timeout`: s that the IOC has to
    be found, to answer, and to end an exposure or close a file.

    Raises:
        UsageError: what can't be.
    """

    twin: ClassVar[Twin] = "camera"

    def __init__(
        self,
        name: str,
        prefix: str,
        file: str | None = None,
        array: str | None = None,
        exposure: NotNegative | None = None,
        readout_time: NotNegative = 0.001,
        wire: str = "Internal",
        rois: Mapping[str, tuple[int, int, int, int]] | None = None,
        timeout: Positive = 10.0,
        answer_timeout: Positive = TIMEOUT,
        inside: str = INSIDE,
        seen_as: Mapping[str, str] | None = None,
        compression: str | None = None,
    ) -> None:
        for _, problem in self.yaml_check({"file": file, "array": array, "rois": rois}):
            raise UsageError(f"{name}: {problem}")
        writer = None if file is None else FilePlugin(name, file, seen_as or {}, answer_timeout)
        arrays = None if array is None else ArrayPlugin(name, array, answer_timeout)
        self._detector = DetectorDriver(name, prefix, writer, arrays, readout_time, wire, answer_timeout)
        if writer is not None:
            self._detector.inside = inside
        super().__init__(name, self._detector, exposure, rois=rois, timeout=timeout, compression=compression)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        if not (given.get("file") or given.get("array")):
            yield "file", "say with `file` or `array` which plugin its frames go through"
        if given.get("file") and given.get("rois"):
            yield "rois", "its frames go into a file, past obtura: have regions counted by the IOC (NDPluginROIStat)"

    def _full_shape(self) -> tuple[int, int]:
        """The size of a frame; one that is down may have any, so that a session can be opened."""
        try:
            return super()._full_shape()
        except DeviceError:
            return ANY_SIZE

    @property
    def _groups(self) -> list[PVs]:
        plugins = (self._detector.file, self._detector.array)
        return [self._detector.pvs, *(plugin.pvs for plugin in plugins if plugin is not None)]

    @property
    def links(self) -> Sequence[Link]:
        """Its PVs."""
        return [link for group in self._groups for link in group.links]

    def take(self, exposure: float | None = None) -> npt.NDArray[Any]:
        """Take one frame by the array plugin and return it, shape (height, width); nothing is saved.

        `exposure` (s): None: its own, or 1 s.

        Raises:
            UsageError: it has no array plugin.
            DeviceError: no frame came.
            DeviceBusyError: a scan has its file open, or is just taking frames.
        """
        if self._detector.array is None:
            raise UsageError(f"{self.name} has no array plugin to look through: say which with `array`")
        if self._detector.file is not None and self._detector.file.captures:
            raise DeviceBusyError(f"{self.name} writes a file for a scan, and this frame would go into it")
        self._detector.write_to(None)
        return super().take(exposure)

    def __info__(self) -> str:
        """Size, exposure, regions, and how it is connected."""
        try:
            told = super().__info__()
        except DeviceError as error:
            told = f"camera {self.name}: {one_line(error)}"
        return f"{told}\n  {self.connection}"
