"""Ctrl-C while a scan reads its only counter on its own thread: nothing tears, and no answer is taken for another."""

import signal
import subprocess
import sys
import time

import pytest
from served import Rude

TIMES = 12
SCANNING = """
obtura.loopscan(1, 0, one, save=False)  # a Ctrl-C in the midst of an import is none of ours
for _ in range({times}):
    try:
        print("go", flush=True)
        obtura.loopscan(100000, 0, one, save=False)
    except KeyboardInterrupt:
        pass
    assert (one.read(), other.read()) == (1.0, 2.0), (one.trace, other.trace)
print("end", flush=True)
"""


@pytest.fixture
def interrupted(tmp_path):
    """Run a script that scans again and again, and press Ctrl-C in each scan."""

    def run(making):
        path = tmp_path / "script.py"
        path.write_text(
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nimport obtura\n"
            + making
            + SCANNING.format(times=TIMES)
        )
        with subprocess.Popen(
            [sys.executable, path], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                for number in range(TIMES):
                    said = process.stdout.readline()
                    assert said == "go\n", said + process.stderr.read()
                    time.sleep(0.05 + 0.0037 * number)
                    process.send_signal(signal.SIGINT)
                rest, wrong = process.communicate(timeout=240)
                assert (rest, process.returncode) == ("end\n", 0), wrong
            finally:
                process.kill()

    return run


class Knowing(Rude):
    """Answers a question by its number, after a while."""

    def _serve(self, client):
        with client, client.makefile("rb") as lines:
            for line in lines:
                time.sleep(0.01)
                client.sendall(b"1\n" if line == b"ONE?\n" else b"2\n")
                self.heard.put(line)


def test_an_instrument_asked_in_text(interrupted):
    server = Knowing()
    server.start()
    try:
        interrupted(f"""
from obtura.devices.text import TextCounter, TextInstrument
it = TextInstrument("it", tcp="{server.url}", timeout=20)
one, other = TextCounter("one", it, "ONE?"), TextCounter("other", it, "OTHER?")
""")
    finally:
        server.close()
    assert server.heard.qsize() > TIMES


def test_pvs_of_an_ioc(beamline, interrupted):
    interrupted(f"""
from obtura.instruments.epics import PVCounter
one = PVCounter("one", "{beamline.pv("diode")}", timeout=20, conversion_function=lambda value: 1.0)
other = PVCounter("other", "{beamline.pv("diode")}", timeout=20, conversion_function=lambda value: 2.0)
""")


def test_attributes_of_a_tango_device(beam, interrupted):
    interrupted(f"""
from obtura.instruments.tango import TangoCounter, TangoDevice
it = TangoDevice("it", "{beam.address("diode")}", timeout=20)
one = TangoCounter("one", it, "Current", offset=-0.25)
other = TangoCounter("other", it, "Spectrum", index=0, offset=2.0)
""")
