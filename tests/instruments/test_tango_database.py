"""Devices that are found by a Tango database: a real one, with sqlite, as PyTango brings it."""

import time

import pytest
from served_tango import OURS, Beamline, Database

from obtura.contracts.safety import action_of
from obtura.ground.errors import DeviceError
from obtura.instruments.tango import TangoAxis, TangoCounter, TangoDevice, TangoShutter
from obtura.instruments.tango.safe import Tell


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    pytest.importorskip("tango", reason="Tango is an extra: pip install obtura[tango]")
    database = Database(tmp_path_factory.mktemp("database"))
    try:
        database.start()
        database.add("tango_server/t", OURS)
        yield database
    finally:
        database.kill()


@pytest.fixture
def served(database, tmp_path, in_the_end, request):
    beamline = Beamline(tmp_path, database.host)
    request.addfinalizer(beamline.kill)
    beamline.start()
    whole = TangoDevice("server", "dserver/tango_server/t", tango_host=database.host)
    in_the_end(whole.check)  # or events would have to wait 10 s, until Tango tries again to subscribe to them
    whole.close()
    return beamline


@pytest.fixture
def device():
    made = []

    def make(name, **options):
        made.append(TangoDevice("it", name, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_device_is_found_by_the_host_that_is_given(database, served, device, in_the_end):
    it = device("t/x/mx", tango_host=database.host)
    axis = TangoAxis("mx", it, velocity_attribute="Velocity")
    in_the_end(axis.check)
    axis.move(1)
    assert (axis.position, axis.unit) == (1, "mm")
    assert served.told() == [("mx", "Position", 1)]
    whole = device(f"tango://{database.host}/t/x/diode")
    assert TangoCounter("c", whole, "Current").read() == 1.25


def test_a_device_is_found_by_tango_host_of_the_environment(database, served, device, monkeypatch, in_the_end):
    monkeypatch.setenv("TANGO_HOST", database.host)
    counter = TangoCounter("c", device("t/x/diode"), "Watched", monitor=True)
    in_the_end(counter.check)
    until = time.monotonic() + 60  # a server that is just starting refuses; Tango tries again after 10 s
    while not counter.watch.events and time.monotonic() < until:
        assert counter.read() == 1.25
        time.sleep(0.05)
    assert counter.watch.events
    assert "tango t/x/diode, connected since" in counter.connection


def test_a_server_that_is_killed_and_back_is_used_again(database, served, device, in_the_end):
    counter = TangoCounter("c", device("t/x/diode", tango_host=database.host, timeout=1.0), "Current")
    in_the_end(counter.read)
    served.kill()
    with pytest.raises(DeviceError, match="tango t/x/diode is not connected"):
        counter.read()
    served.start()
    assert in_the_end(counter.read) == 1.25


def test_the_guard_finds_it_by_the_same_database(database, served, device, monkeypatch, in_the_end):
    monkeypatch.setenv("TANGO_HOST", database.host)
    shutter = TangoShutter("shutter", device("t/x/shutter"))
    in_the_end(shutter.open)
    arguments = action_of(shutter, "close").arguments
    monkeypatch.delenv("TANGO_HOST")
    Tell(**arguments)()
    assert [each[1] for each in served.told()] == ["Open", "Close"]


def test_what_the_database_does_not_know_and_what_no_server_has_is_said(database, device):
    with pytest.raises(DeviceError, match="the Tango database knows no such device: is the name right"):
        device("t/x/nope", tango_host=database.host, timeout=3.0).check()
    with pytest.raises(DeviceError, match="it: tango t/x/many is not connected: .*is its device server running"):
        device("t/x/many", tango_host=database.host, timeout=2.0).check()
