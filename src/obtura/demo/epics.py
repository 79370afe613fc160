"""What `obtura demo --epics` plays: a shutter and an axis behind PVs of a server in another process."""

from pathlib import Path

from obtura.data.saving import ScanSaving
from obtura.instruments.epics import PVAxis, PVCounter, PVShutter, connect
from obtura.instruments.simioc import start_ioc
from obtura.presets.shutter import ShutterPreset
from obtura.session.session import Session

__all__ = ["play_epics"]


def play_epics(base_path: str | Path) -> None:
    """Start the server, play a loopscan and an ascan over Channel Access, show what the server saw."""
    with start_ioc("SIM:") as ioc:
        diode = PVCounter("diode", "SIM:diode")
        shutter = PVShutter("shutter", "SIM:shutter", "SIM:shutter:status", open_value="Open", close_value="Closed")
        mx = PVAxis(
            "mx",
            "SIM:axis",
            "SIM:axis:readback",
            done_pv="SIM:axis:done",
            stop_pv="SIM:axis:stop",
            velocity_pv="SIM:axis:velocity",
        )
        connect(diode, shutter, mx)
        devices = {"diode": diode, "shutter": shutter, "mx": mx}
        session = Session("epics", devices, ScanSaving("epics", base_path=base_path), display=True)

        print("-- A PV shutter opens and closes around each point")
        scan = session.bench.loopscan(3, 0.1, diode, run=False)
        scan.acq_chain.add_preset(ShutterPreset(shutter, per_point=True))
        scan.run()
        puts = [f"{put.pv} = {put.value}" for put in ioc.puts()]
        print("\nWhat the server was told, in its own words:\n  " + "\n  ".join(puts))

        print("\n-- An ascan of a PV axis through the beam")
        scan = session.bench.ascan(mx, -1, 3, 10, 0.05, diode, run=False)
        scan.acq_chain.add_preset(ShutterPreset(shutter, per_point=True))
        scan.run()
        print(f"\nThe data: {scan.scan_info['filename']}")
