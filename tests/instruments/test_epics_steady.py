"""What threads of caproto's go through while others put something into it."""

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from obtura.instruments.epics.ca import _Steady, wire


def test_a_table_may_grow_while_somebody_goes_through_it():
    table = _Steady({1: "one"})
    for key, value in table.items():
        table[key + 1] = value
    for value in table.values():
        table[value] = len(table)
    assert table == {1: "one", 2: "one", "one": 3}


def test_all_that_a_connection_to_an_ioc_keeps_is_in_such_tables(beamline):
    diode = beamline.counter()
    diode.read()
    context = wire()._started()
    assert isinstance(context.circuit_managers, _Steady) and context.circuit_managers
    manager = diode.link.remote.pv.circuit_manager
    tables = [manager.channels, manager.ioids, manager.pvs, manager.subscriptions]
    assert all(isinstance(table, _Steady) for table in tables)
    assert diode.link.remote.pv in manager.pvs.values()
    assert isinstance(diode.link.remote.pv.connection_state_callback.callbacks, _Steady)
