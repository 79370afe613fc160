"""What tests of motor records do to the simulated ones."""

import math

from obtura.works.clock import clock


def meddle(words, motor="m1"):
    from obtura.instruments.epics.link import Link  # an extra

    Link("test", f"T:{motor}:Fault").put(words, "put").wait(math.inf)


def told(server):
    return [(pv, value) for pv, value in server.puts() if "Fault" not in pv]


def wait_until(condition):
    while not condition():
        clock.sleep(0.005)
