"""Macros: scans of one's own, sequences, clean-up."""

import gevent
import numpy
from bliss import current_session, setup_globals
from bliss.common.cleanup import axis as cleanup_axis
from bliss.common.cleanup import cleanup, error_cleanup
from bliss.common.measurementgroup import MeasurementGroup, get_active_name, get_all_names, set_active_name
from bliss.common.motor_group import Group as MotorGroup
from bliss.common.scans import DEFAULT_CHAIN, ascan, dscan, loopscan
from bliss.common.session import get_current_session
from bliss.common.soft_axis import SoftAxis
from bliss.common.standard import mv, mvr, wa
from bliss.config.static import get_config
from bliss.scanning.acquisition.motor import LinearStepTriggerMaster, VariableStepTriggerMaster
from bliss.scanning.acquisition.timer import SoftwareTimerMaster
from bliss.scanning.chain import AcquisitionChain, AcquisitionMaster, AcquisitionSlave
from bliss.scanning.channel import AcquisitionChannel
from bliss.scanning.group import Group, Sequence
from bliss.scanning.scan import Scan, ScanState
from bliss.scanning.scan_info import ScanInfo
from bliss.scanning.scan_math import cen, com, peak
from bliss.scanning.scan_meta import get_user_scan_meta
from bliss.scanning.toolbox import ChainBuilder


def align(axis, counter):
    """Scan, go to the peak, and back where it was after an error."""
    with error_cleanup(axis, restore_list=(cleanup_axis.POS,)):
        scan = dscan(axis, -1, 1, 10, 0.01, counter, save=False)
        data = scan.get_data()
        where = com(data[axis], data[counter])
        mv(axis, where)
    return where


def scan_of_ones_own(axis, *counters, npoints=4):
    """A chain built by hand."""
    chain = AcquisitionChain()
    master = LinearStepTriggerMaster(npoints, axis, 0, 3)
    timer = SoftwareTimerMaster(0.01, npoints=npoints)
    chain.add(master, timer)
    builder = ChainBuilder(counters)
    builder.print_tree(not_ready_only=True)
    for node in builder.get_nodes_not_ready():
        node.set_parameters(acq_params={"count_time": 0.01, "npoints": npoints})
    for node in builder.nodes:
        chain.add(timer, node)
    assert chain.timer is timer
    print(chain._tree)
    info = ScanInfo()
    info.update({"type": "my_scan", "npoints": npoints, "title": "my scan"})
    scan = Scan(chain, name="my_scan", scan_info=info)
    scan.run()
    assert scan.state == ScanState.DONE
    return scan


class Camera(AcquisitionSlave):
    """An acquisition object of one's own."""

    def __init__(self, device, npoints):
        super().__init__(device, npoints=npoints, prepare_once=True, start_once=True)
        self.channels.append(AcquisitionChannel("sizes", numpy.int64, ()))
        self.count = 0

    def prepare(self):
        self.count = 0

    def start(self):
        pass

    def stop(self):
        pass

    def trigger(self):
        self.count += 1
        self.channels.update({"sizes": self.count})


class Steps(AcquisitionMaster):
    """A master of one's own."""

    def __init__(self, axis, positions):
        super().__init__(axis, npoints=len(positions))
        self.positions = positions
        self.channels.append(AcquisitionChannel("where", float, (), unit="mm"))

    def __iter__(self):
        for position in self.positions:
            self.next_pos = position
            yield self

    def prepare(self):
        self.device.move(self.next_pos)

    def start(self):
        self.trigger()

    def stop(self):
        self.device.stop()

    def trigger(self):
        self.trigger_slaves()
        self.channels[0].emit(self.next_pos)
        self.wait_slaves()


def objects_of_ones_own(axis):
    chain = AcquisitionChain(parallel_prepare=True)
    chain.add(Steps(axis, [0.0, 0.5, 1.0]), Camera("camera", 3))
    scan = Scan(chain, name="own", save=False)
    scan.run()
    return scan.get_data()


def series(axis, counter):
    """Two scans under one number, with a channel of its own."""
    sequence = Sequence(title="series")
    sequence.add_custom_channel(AcquisitionChannel("temperature", float, ()))
    with sequence.sequence_context() as context:
        for start in (0, 1):
            context.add_and_run(ascan(axis, start, start + 1, 2, 0.01, counter, run=False))
            sequence.custom_channels["temperature"].emit(20.0 + start)
    return sequence


def a_day(axis, counter):
    session = get_current_session()
    assert session.name == current_session.name == get_config().get(session.name).name
    assert session.scans is setup_globals.SCANS
    assert get_config().get(axis.name) is axis is getattr(setup_globals, axis.name)
    group = MeasurementGroup("mine", {"counters": [counter.name]})
    assert "mine" in get_all_names()
    set_active_name("mine")
    assert get_active_name() == group.name == "mine"
    get_user_scan_meta().sample.set("name", {"name": "quartz"})
    with cleanup(axis, restore_list=(cleanup_axis.POS,)):
        mvr(axis, 0.5)
        moved = loopscan(2, 0.01, save=False)
    pair = MotorGroup(axis)
    pair.move(axis, 1.0)
    value = {"at": 2.0}
    soft = SoftAxis("soft", value_holder := type("Holder", (), value)(), position="at", move="at")
    ascan(soft, 0, 1, 2, 0.01, counter, save=False)
    assert setup_globals.soft is soft
    SoftAxis("hidden", value_holder, position="at", move="at", export_to_session=False)
    assert not hasattr(setup_globals, "hidden")
    assert value_holder.at == 1.0
    with gevent.Timeout(20):
        gevent.spawn(mv, axis, 0.0).get()
    wa()
    one = moved.get_data()[counter.name]
    assert cen([0, 1, 2, 3, 4], [0, 1, 2, 1, 0])[0] == peak([0, 1, 2, 3, 4], [0, 1, 2, 1, 0]) == 2
    assert Group is not None and DEFAULT_CHAIN is not None and VariableStepTriggerMaster is not None
    return one
