"""TangoTest, a server in C++ that others have written; it has every type of value, and some that always fail."""

import pytest
from served_tango import TANGO_TEST, Server, without_database

import obtura
from obtura.ground.errors import DeviceError
from obtura.instruments.tango import Output, TangoAxis, TangoCounter, TangoDevice, TangoMultiplexer, TangoShutter


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("tango", reason="Tango is an extra: pip install obtura[tango]")
    if not TANGO_TEST.exists():
        pytest.skip("TangoTest is missing: tools/system-packages installs it (Debian: apt install tango-test)")
    server = Server(without_database([TANGO_TEST], "t", {"TangoTest": "sys/tg_test/1"}))
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def it(server, in_the_end):
    device = TangoDevice("it", f"tango://127.0.0.1:{server.port}/sys/tg_test/1#dbase=no")
    in_the_end(device.check)
    yield device
    device.close()


NUMBERS = ["boolean", "double", "float", "long64", "long", "short", "uchar", "ulong64", "ulong", "ushort"]


def test_numbers_of_all_types_are_read_with_one_call(it):
    counters = [TangoCounter(kind, it, f"{kind}_scalar") for kind in NUMBERS]
    before = len(it.trace)
    values = it.read_all(*counters)
    assert all(type(value) is float for value in values) and len(values) == len(NUMBERS)
    assert len(it.trace) == before + 1


@pytest.mark.parametrize("kind", [kind for kind in NUMBERS if kind != "uchar"])
def test_spectra_and_images_are_arrays(it, kind):
    spectrum = TangoCounter("spectrum", it, f"{kind}_spectrum_ro", shape=[-1]).read()
    assert spectrum.ndim == 1 and spectrum.dtype == float
    rows, columns = TangoCounter("probe", it, f"{kind}_image_ro", shape=[-1, -1]).read().shape
    assert TangoCounter("image", it, f"{kind}_image_ro", shape=[rows, columns]).read().shape == (rows, columns)


def test_a_state_has_a_number_and_a_name(it):
    state = TangoCounter("state", it, "State")
    assert (state.read(), state.text) == (10, "RUNNING")
    it.command("SwitchStates")
    try:
        assert (state.read(), state.text) == (8, "FAULT")
        with pytest.raises(DeviceError, match="m can't be moved: FAULT"):
            TangoAxis("m", it, "ampli", stop=None).check()
    finally:
        it.command("SwitchStates")


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ("throw_exception", "throw_exception can't be read: exception test: here is the exception"),
        ("no_value", "no_value can't be read: API_AttrValueNotSet"),
        ("string_scalar", "is no number"),
        ("string_spectrum_ro", "is no number"),
    ],
)
def test_what_fails_there_is_said_in_words(it, attribute, words):
    with pytest.raises(DeviceError, match=words):
        TangoCounter("c", it, attribute).read()


def test_commands_are_counters(it):
    assert TangoCounter("c", it, command="DevDouble", argument=2.5).read() == 2.5
    assert list(TangoCounter("a", it, command="DevVarDoubleArray", argument=[1.0, 2.0], shape=[2]).read()) == [1, 2]


def test_a_scan_of_a_setpoint_with_a_shutter(it, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    axis = TangoAxis("ampli", it, "ampli", stop=None, states={"RUNNING": "READY"})
    shutter = TangoShutter("shutter", it, attribute="boolean_scalar")
    filters = TangoMultiplexer("filters", it, {"f": Output({"in": 1, "out": 0}, attribute="short_scalar_w")})
    scan = obtura.ascan(axis, 1, 3, 2, 0.01, TangoCounter("wave", it, "wave", shape=[256]), run=False)
    scan.acq_chain.add_preset(obtura.MultiplexerPreset(filters, "f", "in", restore=False))
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
    scan.run()
    assert list(scan.get_data("ampli")) == [1, 2, 3]
    assert scan.get_data("wave").shape == (3, 256)
    assert shutter.state == "CLOSED"
    assert filters.get_output("f") == "in"
