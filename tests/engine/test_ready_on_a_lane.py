"""A master that blocks asks slaves in memory whether they are ready: on its lane, not as the thread of the scan."""

import time

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.engine.scan import Scan


class Blocking(AcquisitionMaster):
    def __init__(self):
        super().__init__(name="master", npoints=3)

    def __iter__(self):
        yield from range(3)

    def start(self):
        self.trigger_slaves()
        self.wait_slaves()


class Asked(AcquisitionSlave):
    blocking = False

    def __init__(self):
        super().__init__(name="slave", npoints=3)
        self.why = []

    def trigger_ready(self):
        time.sleep(0.05)
        self.why.append(self.scan.why())
        return True

    def reading(self):
        pass


def test_a_slave_in_memory_is_asked_on_the_lane_of_its_master(capsys):
    slave, chain = Asked(), AcquisitionChain()
    chain.add(Blocking(), slave)
    slave.scan = scan = Scan(chain, "ready", save=False)
    scan.run()
    assert len(slave.why) == 3
    assert not any("slave.trigger_ready" in why for why in slave.why)
    scan.timing()
    assert "slave.trigger_ready" in capsys.readouterr().out
