"""Multiplexers and cameras on an IOC whose PVs say what they should not, late, or nothing."""

from pathlib import Path

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from iocs import Served

import obtura
from obtura.ground.errors import DeviceError, DeviceTimeoutError
from obtura.instruments.epics import AreaDetector, PVMultiplexer, PVOutput, connect
from obtura.instruments.epics.link import Link
from obtura.works.clock import clock

RUDE = Path(__file__).with_name("rude_ioc.py")
LATEST = 15.0  # a shared machine may be late


@pytest.fixture
def serve(loopback_only, tmp_path, monkeypatch):
    """Start one, with some PVs that are others; PREFIX is `G:`."""
    servers = []

    def start(*others):
        servers.append(Served(str(RUDE), "G:", *others, folder=tmp_path))
        servers[-1].start()
        monkeypatch.setenv("EPICS_CA_ADDR_LIST", servers[-1].environment["EPICS_CA_ADDR_LIST"])
        monkeypatch.chdir(tmp_path)
        return servers[-1]

    yield start
    for server in servers:
        server.end()


def put(pv, value):
    Link("test", f"G:{pv}").put(value, "put").wait(clock.time() + LATEST)


# -- multiplexers ---------------------------------------------------------------------------------------------


def multiplexer(inputs=("in", "out"), pv="out", readback="G:out:now", timeout=1.0, patience=0.3):
    made = PVMultiplexer("mux", {"gate": PVOutput(f"G:{pv}", inputs, readback)}, timeout=timeout, patience=patience)
    connect(made, timeout=LATEST)
    return made


def test_a_readback_that_comes_late_is_waited_for(serve):
    serve()
    put("late", 0.4)
    mux = multiplexer(patience=LATEST)
    mux.switch("gate", "out")
    assert mux.get_output("gate") == "out"


def test_one_that_comes_too_late_is_an_error_and_then_it_is_as_it_was_told(serve, in_the_end):
    serve()
    put("late", 1.5)
    mux = multiplexer()
    with pytest.raises(
        DeviceTimeoutError, match=r"gate is still in 0.3 s after it was told to be out \(PV G:out:now\)"
    ):
        mux.switch("gate", "out")
    until = clock.time() + LATEST
    while mux.get_output("gate") != "out" and clock.time() < until:
        clock.sleep(0.05)
    assert mux.get_output("gate") == "out"


def test_what_is_none_of_its_choices_is_said_to_be_so(serve):
    serve()
    mux = multiplexer()
    put("out:now", "elsewhere")
    with pytest.raises(DeviceError, match=r"mux: gate is elsewhere, PV G:out:now says; none of in \(in\), out \(out\)"):
        mux.get_output("gate")
    assert "none of in" in mux.__info__()
    mux.switch("gate", "in")
    assert mux.get_output("gate") == "in"


@pytest.mark.parametrize(
    ("inputs", "readback", "what"),
    [
        ({"in": 0, "out": 1}, "G:text", r"PV G:text is text \('wide'\), not a number"),
        ({"in": 0, "out": 1}, "G:number", "gate is nan, PV G:number says; none of in"),
        (("in", "out"), "G:number", "gate is nan, PV G:number says; none of in"),
    ],
)
def test_a_readback_of_another_kind_is_an_error_in_words(serve, inputs, readback, what):
    serve()
    with pytest.raises(DeviceError, match=what):
        multiplexer(inputs, readback=readback).get_output("gate")


def test_a_server_that_is_silent_fails_in_time_and_may_go_on(serve, seconds, in_the_end):
    server = serve()
    mux = multiplexer(timeout=0.3)
    server.hang()
    for call in (lambda: mux.switch("gate", "out"), lambda: mux.get_output("gate")):
        took, error = seconds(call)
        assert took < LATEST
        assert isinstance(error, DeviceTimeoutError) and "PV G:out" in str(error)
    server.go_on()
    in_the_end(lambda: mux.switch("gate", "in"))
    assert in_the_end(lambda: mux.get_output("gate")) == "in"


# -- cameras --------------------------------------------------------------------------------------------------

WRONG = {
    "cam1:ArraySizeX_RBV=text:wide": r"cam: PV G:cam1:ArraySizeX_RBV is text \('wide'\), not a number",
    "cam1:ArraySizeX_RBV=number:nan": r"cam: PV G:cam1:ArraySizeX_RBV is nan, not a whole number of at least 0",
    "cam1:ArraySizeY_RBV=number:-3": r"cam: PV G:cam1:ArraySizeY_RBV is -3, not a whole number of at least 0",
    "cam1:DataType_RBV=text:Elephant": r"cam: PV G:cam1:DataType_RBV is 'Elephant', no type of a pixel \(Int8, UInt8",
    "cam1:Acquire_RBV=text:perhaps": r"cam.prepare failed: PV G:cam1:Acquire_RBV is text \('perhaps'\), not a number",
    "HDF1:NumCaptured_RBV=text:many": r"PV G:HDF1:NumCaptured_RBV is text \('many'\), not a number",
    "HDF1:NumCaptured_RBV=number:0.5": r"PV G:HDF1:NumCaptured_RBV is 0.5, not a whole number",
    "HDF1:WriteStatus=text:fine": r"PV G:HDF1:WriteStatus is text \('fine'\), not a number",
}


@pytest.mark.parametrize("other", WRONG)
def test_a_camera_of_garbage_fails_the_scan_and_says_which_pv(serve, other):
    serve(other)
    camera = AreaDetector("cam", "G:cam1:", "G:HDF1:", timeout=2.0, answer_timeout=5.0)
    connect(camera, timeout=LATEST)
    with pytest.raises(DeviceError, match=WRONG[other]):
        obtura.loopscan(2, 0.02, camera)


def test_arrays_of_garbage_fail_the_scan_and_say_which_pv(serve):
    serve("image1:ArrayData=text:pixels")
    camera = AreaDetector("cam", "G:cam1:", array="G:image1:", timeout=2.0, answer_timeout=5.0)
    connect(camera, timeout=LATEST)
    with pytest.raises(DeviceError, match=r"PV G:image1:ArrayData is no array of numbers \(pixels\)"):
        obtura.loopscan(2, 0.02, camera, save=False)
