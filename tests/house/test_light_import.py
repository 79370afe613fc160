"""What is heavy is loaded only by who needs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "h5py",
    "ptpython",
    "prompt_toolkit",
    "matplotlib",
    "caproto",
    "cv2",
    "p4p",
    "pandas",
    "pyarrow",
    "pyvisa",
    "serial",
    "xarray",
}
BEGINNINGS = {
    "import obtura": [sys.executable, "-c", "import obtura"],
    "obtura --help": [Path(sys.executable).parent / "obtura", "--help"],
}


@pytest.mark.parametrize("command", BEGINNINGS.values(), ids=BEGINNINGS)
def test_the_first_step_loads_nothing_heavy(command):
    environment = os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}  # each import becomes a line of stderr
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "obtura" in loaded
    assert not loaded & HEAVY, "Import these where they are used, in a module that only their users import."


def test_a_session_loads_no_event_loop_and_no_package_metadata():
    script = "import sys, obtura.session.session, obtura.devices.sim; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "obtura.works.lanes" in loaded
    assert not loaded & {"asyncio", "importlib.metadata", "numpy.random", "ruamel", "pint"}
