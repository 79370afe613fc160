"""The acquisition chain: a tree that refuses what makes no sense."""

import pytest
from cast import Chained, named
from doubles import diode
from recording import World

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.ground.errors import UsageError


def master(name, *devices):
    return AcquisitionMaster(*devices, name=name)


def slave(name, *devices):
    return AcquisitionSlave(*devices, name=name)


@pytest.fixture
def chain():
    return AcquisitionChain()


def test_it_prints_as_a_tree(chain):
    axis, timer = master("axis"), master("timer")
    chain.add(axis, timer)
    chain.add(timer, slave("diode"))
    assert str(chain) == "acquisition chain\n└── axis\n    └── timer\n        └── diode"


def test_siblings_and_several_top_masters_print_with_their_branches(chain):
    timer, other = master("timer"), master("other")
    for name in ("diode", "camera"):
        chain.add(timer, slave(name))
    chain.add(other, slave("mca"))
    assert str(chain).splitlines() == [
        "acquisition chain",
        "├── timer",
        "│   ├── diode",
        "│   └── camera",
        "└── other",
        "    └── mca",
    ]


def test_a_master_first_seen_is_a_top_master_until_it_is_put_under_another_one(chain):
    timer, axis, diode = master("timer"), master("axis"), slave("diode")
    chain.add(timer, diode)
    assert chain.top_masters == [timer]
    chain.add(axis, timer)
    assert chain.top_masters == [axis]
    assert chain.nodes_list == [axis, timer, diode]


def test_a_master_may_be_moved_under_another_one(chain):
    first, second, timer = master("first"), master("second"), master("timer")
    chain.add(first, timer)
    chain.add(second, timer)
    assert (first.slaves, second.slaves) == ([], [timer])
    assert timer.parent is second
    assert chain.top_masters == [first, second]


def test_adding_twice_changes_nothing(chain):
    timer, diode = master("timer"), slave("diode")
    for _ in range(2):
        chain.add(timer, diode)
        chain.add(timer)
    assert timer.slaves == [diode]
    assert chain.top_masters == [timer]


def test_what_makes_no_tree_is_refused_and_changes_nothing(chain):
    timer, axis, diode = master("timer"), master("axis"), slave("diode")
    chain.add(axis, timer)
    chain.add(timer, diode)
    before = str(chain)
    for arguments, words in (
        ((diode, timer), "is not an AcquisitionMaster"),
        ((None,), "is not an AcquisitionMaster"),
        ((timer, "diode"), "neither an AcquisitionMaster nor an AcquisitionSlave"),
        ((axis, diode), "Cannot add acquisition device diode to multiple masters, current master is timer"),
        ((master("timer"), slave("other")), "Cannot add acquisition master with name 'timer': duplicated name"),
        ((axis, master("timer")), "duplicated name"),
        ((timer, timer), "which it triggers itself"),
        ((timer, axis), "which it triggers itself"),
    ):
        with pytest.raises(UsageError, match=words):
            chain.add(*arguments)
        assert str(chain) == before


def test_nodes_are_found_by_what_they_drive(chain):
    counter, motor, unknown = diode(), object(), object()
    timer, counting = master("timer", motor), SamplingCounterAcquisitionSlave(counter, count_time=0)
    chain.add(timer, counting)
    assert chain.get_node_from_devices(counter, counter.controller, motor, unknown) == [counting, counting, timer, None]


def test_a_preset_is_hooked_to_a_top_master_only(chain):
    timer, axis, world = master("timer"), master("axis"), World()
    chain.add(axis, timer)
    with pytest.raises(ValueError, match=r"timer is not a top-master of this chain \(top-masters: axis\)"):
        chain.add_preset(named(Chained, "C", world), timer)
    with pytest.raises(ValueError, match="not a top-master"):
        chain.add_preset(named(Chained, "C", world), "axis")
    chain.add_preset(named(Chained, "C", world), axis)
    chain.add_preset(named(Chained, "D", world))
    assert [entry.master for entry in chain.presets] == [axis, None]


def test_a_negative_number_of_points_is_refused():
    with pytest.raises(UsageError, match="npoints must not be negative, got -1"):
        AcquisitionSlave(name="diode", npoints=-1)


def test_a_line_said_while_no_scan_runs_is_nobodys(chain, capfd):
    chain.say("nobody listens")
    assert capfd.readouterr() == ("", "")
