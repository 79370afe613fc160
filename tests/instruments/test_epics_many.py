"""A thousand PVs of one IOC: connected together, and read in one message a point."""

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
pytest.importorskip("p4p", reason="PV Access is an extra: pip install obtura[pva]")

from caproto.threading.client import VirtualCircuitManager

import obtura
from obtura.instruments.epics import PVCounter, PVReader, connect
from obtura.instruments.epics.ca import wire

MANY = 1000
POINTS = 3


@pytest.fixture(scope="module")
def large_ioc(make_c_ioc, tmp_path_factory):
    records = tmp_path_factory.mktemp("database") / "many.db"
    fields = 'field(UDF,0) field(EGU,"mA")'
    records.write_text("".join(f'record(ao, "$(P)v{i}") {{ field(VAL,{i}) {fields} }}\n' for i in range(MANY)))
    ioc = make_c_ioc("MANY:", records)
    yield ioc
    ioc.kill()


@pytest.fixture
def counters(large_ioc, protocol, monkeypatch):
    for name, value in large_ioc.servers.items():
        monkeypatch.setenv(name, value)
    reader = PVReader("currents", timeout=20.0)
    return [PVCounter(f"v{i}", f"{protocol}://MANY:v{i}", controller=reader) for i in range(MANY)]


def test_a_thousand_pvs_are_counters_of_a_scan(counters):
    connect(counters[0].controller, timeout=30.0)
    scan = obtura.loopscan(POINTS, 0, *counters, save=False)
    data = scan.get_data()
    assert [list(data[counter.name]) for counter in counters] == [[float(i)] * POINTS for i in range(MANY)]
    assert {counter.unit for counter in counters} == {"mA"}


@pytest.mark.parametrize("protocol", ["ca"], indirect=True)
def test_a_point_is_one_message_to_the_ioc(counters, monkeypatch):
    connect(counters[0].controller, timeout=30.0)
    messages = []
    send = VirtualCircuitManager.send

    def noted(self, *commands, **options):
        messages.append(len(commands))
        return send(self, *commands, **options)

    scan = obtura.loopscan(POINTS, 0, *counters, run=False, save=False)
    monkeypatch.setattr(VirtualCircuitManager, "send", noted)
    scan.run()
    assert messages == [MANY] * (POINTS + 1)  # one to see before the scan that each is there


@pytest.mark.parametrize("protocol", ["pva"], indirect=True)
def test_a_point_is_one_call_of_the_client(counters, monkeypatch):
    from obtura.instruments.epics import pva

    connect(counters[0].controller, timeout=30.0)
    sent = []
    send = pva.PVAWire.send
    scan = obtura.loopscan(POINTS, 0, *counters, run=False, save=False)
    monkeypatch.setattr(pva.PVAWire, "send", lambda self, these: (sent.append(len(these)), send(self, these)))
    scan.run()
    assert sent == [MANY] * (POINTS + 1)


def test_a_thousand_monitors_need_no_message_at_a_point(large_ioc, protocol, monkeypatch):
    for name, value in large_ioc.servers.items():
        monkeypatch.setenv(name, value)
    reader = PVReader("monitored", timeout=20.0, monitor=True)
    counters = [PVCounter(f"m{i}", f"{protocol}://MANY:v{i}", controller=reader) for i in range(MANY)]
    connect(reader, timeout=30.0)
    scan = obtura.loopscan(POINTS, 0.01, *counters, save=False)
    data = scan.get_data()
    assert [list(data[counter.name]) for counter in counters] == [[float(i)] * POINTS for i in range(MANY)]


def test_there_is_one_client_for_all(counters):
    assert {id(counter.link.wire) for counter in counters} == {id(counters[0].link.wire)}
    assert wire() is wire()
