"""A bench: the standard scans together with what they need to know of their surroundings."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from obtura.acquisition.motion import Return
from obtura.contracts.acquisition import AcquisitionMaster
from obtura.contracts.consumers import Surroundings
from obtura.engine.scan import Scan
from obtura.ground.errors import ArgumentError
from obtura.scans import count, step
from obtura.scans.default_chain import DefaultChain

__all__ = ["COMMANDS", "Bench"]

COMMANDS = ("a2scan", "amesh", "ascan", "ct", "d2scan", "dscan", "loopscan", "sct", "timescan")


class Bench:
    """The scan commands of one session, as methods: `bench.loopscan(10, 0.1, diode)`.

    `Scan` is the class its scans are of: they are numbered, saved and shown as `surroundings` says.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self.default_chain = DefaultChain()
        self.scans: deque[Scan] = deque(maxlen=20)
        self.Scan: type[Scan] = type("Scan", (Scan,), {"surroundings": surroundings, "__doc__": Scan.__doc__})

    ct = count.ct
    sct = count.sct
    loopscan = count.loopscan
    timescan = count.timescan
    ascan = step.ascan
    dscan = step.dscan
    a2scan = step.a2scan
    d2scan = step.d2scan
    amesh = step.amesh

    def default_counters(self) -> Sequence[Any]:
        """What is counted when a scan names no counter."""
        return ()

    def launch(
        self,
        name: str,
        scan_pars: Mapping[str, Any],
        title: str,
        counters: Sequence[Any],
        options: Mapping[str, Any],
        top_master: AcquisitionMaster | None = None,
        back: Return | None = None,
    ) -> Scan:
        """Make a standard scan and run it unless `run=False`; `back` returns motors at its end.

        Raises:
            ArgumentError: there is nothing to count.
        """
        counters = counters or self.default_counters()
        if not counters:
            raise ArgumentError("no counters for the scan: name some at the end")
        pars = {**scan_pars, "sleep_time": options.get("sleep_time", 0.0)}
        chain = self.default_chain.get(pars, counters, top_master)
        info = {**(options.get("scan_info") or {}), "type": name, "title": options.get("title") or title, **pars}
        scan = self.Scan(chain, options.get("name") or name, info, options.get("save", True))
        if back is not None:
            scan.on_way_out(back)
        if options.get("run", True):
            scan.run()
        return scan
