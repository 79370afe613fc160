"""A bench: the standard scans together with what they need to know of their surroundings."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from obtura.acquisition.motion import Return
from obtura.contracts.acquisition import AcquisitionMaster
from obtura.contracts.consumers import Surroundings
from obtura.engine.scan import Scan
from obtura.engine.sequence import Group, ScanSequence, SequenceOfScans
from obtura.ground.errors import ArgumentError
from obtura.scans import align, continuous, count, linear, mesh, points, selection
from obtura.scans.bench_scan import BenchScan
from obtura.scans.default_chain import DefaultChain
from obtura.scans.last_scans import LastScans
from obtura.scans.standing import StandingPresets

__all__ = ["COMMANDS", "Bench"]

COMMANDS = (
    "a2scan",
    "a3mesh",
    "a3scan",
    "a4scan",
    "a5scan",
    "amesh",
    "anmesh",
    "anscan",
    "ascan",
    "cen",
    "cmesh",
    "com",
    "cscan",
    "ct",
    "d2scan",
    "d3mesh",
    "d3scan",
    "d4scan",
    "d5scan",
    "dmesh",
    "dnscan",
    "dscan",
    "find_position",
    "fwhm",
    "goto_cen",
    "goto_com",
    "goto_custom",
    "goto_min",
    "goto_peak",
    "lineup",
    "lookupscan",
    "loopscan",
    "peak",
    "plotinit",
    "plotselect",
    "pointscan",
    "sct",
    "sweepscan",
    "timescan",
    "trough",
    "where",
)


class Bench:
    """The scan commands of one session, as methods: `bench.loopscan(10, 0.1, diode)`.

    `Scan` is the class its scans are of: they are numbered, saved and shown as `surroundings` says. `scans`: the last
    ones, from when each begins, in the order in which they end; without those that were refused and every `ct`.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self.default_chain = DefaultChain()
        self.standing = StandingPresets()
        self.scans: deque[Scan] = LastScans(maxlen=20)
        self.selection = selection.Selection()
        self.tell = surroundings.tell
        its_own = {"surroundings": surroundings, "bench": self, "__doc__": BenchScan.__doc__}
        self.Scan: type[BenchScan] = type("Scan", (BenchScan,), its_own)
        self.Sequence, self.ScanSequence, self.Group = (
            type(name, (kind,), {"Scan": self.Scan, "__doc__": kind.__doc__})
            for name, kind in (("Sequence", SequenceOfScans), ("ScanSequence", ScanSequence), ("Group", Group))
        )

    ct = count.ct
    sct = count.sct
    loopscan = count.loopscan
    timescan = count.timescan
    ascan = linear.ascan
    a2scan = linear.a2scan
    a3scan = linear.a3scan
    a4scan = linear.a4scan
    a5scan = linear.a5scan
    anscan = linear.anscan
    dscan = linear.dscan
    d2scan = linear.d2scan
    d3scan = linear.d3scan
    d4scan = linear.d4scan
    d5scan = linear.d5scan
    dnscan = linear.dnscan
    amesh = mesh.amesh
    dmesh = mesh.dmesh
    a3mesh = mesh.a3mesh
    d3mesh = mesh.d3mesh
    anmesh = mesh.anmesh
    lookupscan = points.lookupscan
    pointscan = points.pointscan
    cmesh = continuous.cmesh
    cscan = continuous.cscan
    sweepscan = continuous.sweepscan

    cen = align.cen
    com = align.com
    fwhm = align.fwhm
    peak = align.peak
    trough = align.trough
    find_position = align.find_position
    goto_cen = align.goto_cen
    goto_com = align.goto_com
    goto_custom = align.goto_custom
    goto_min = align.goto_min
    goto_peak = align.goto_peak
    lineup = align.lineup
    where = align.where
    plotinit = selection.plotinit
    plotselect = selection.plotselect

    def default_counters(self) -> Sequence[Any]:
        """What is counted when a scan names no counter."""
        return self.Scan.surroundings.default_counters()

    def launch(
        self,
        name: str,
        scan_pars: Mapping[str, Any],
        title: str,
        counters: Sequence[Any],
        options: Mapping[str, Any],
        top_master: AcquisitionMaster | None = None,
        back: Return | None = None,
        above: AcquisitionMaster | None = None,
    ) -> Scan:
        """Make a standard scan and run it unless `run=False`; `back` returns motors at its end.

        `above`: a slower master, on top of `top_master`.

        Raises:
            ArgumentError: there is nothing to count.
        """
        counters = counters or self.default_counters()
        if not counters:
            raise ArgumentError("no counters for the scan: name some at the end")
        pars = {**scan_pars, "sleep_time": options.get("sleep_time", 0.0)}
        chain = self.default_chain.get(pars, counters, top_master)
        if above is not None and top_master is not None:
            chain.add(above, top_master)
        info = {**(options.get("scan_info") or {}), "type": name, "title": options.get("title") or title, **pars}
        scan = self.Scan(
            chain,
            options.get("name") or name,
            info,
            options.get("save", True),
            save_images=options.get("save_images", True),
        )
        for preset in self.standing:
            scan.add_preset(preset, standing=True)
        if back is not None:
            scan.on_way_out(back)
            scan.back = back
        if options.get("run", True):
            scan.run()
        return scan
