"""What threads of caproto's go through while others put something into it."""

import os
from collections import UserDict

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


def test_an_environment_that_changes_meanwhile_does_not_end_the_searching(beamline, monkeypatch):
    class Changing(UserDict):
        """As `os.environ` when another thread takes a variable out between its name and its value."""

        def __getitem__(self, name):
            raise KeyError(name)

    beamline.counter().read()
    broadcaster = wire()._started().broadcaster
    with monkeypatch.context() as patch:
        patch.setattr(os, "environ", Changing(os.environ))
        broadcaster.send()
    assert beamline.counter().read() is not None
