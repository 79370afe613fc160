"""A notebook's kernel: run cells, see what appears in which, interrupt."""

import os
import time
from contextlib import contextmanager

import nbformat
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

PATIENCE = 60.0
"""Seconds that a cell has."""

BEAMLINE = "from obtura.demo import *; shutter.open(); cover.set_out(); roby.velocity = roby.acceleration = 1e6"


def environment(folder):
    """Everything that a kernel or a session writes goes into `folder`."""
    names = ("HOME", "TMPDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")
    return dict.fromkeys(names, str(folder)) | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def notebook(folder, *cells):
    """Execute a notebook of these cells, as `jupyter execute` does; gives back the outputs of each cell."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(book, timeout=PATIENCE, kernel_name="python3", allow_errors=True).execute(
        env=_with(environment(folder))
    )
    return [cell.outputs for cell in book.cells]


def text_of(outputs, stream="stdout"):
    """What a cell printed."""
    return "".join(each["text"] for each in outputs if each["output_type"] == "stream" and each["name"] == stream)


def error_of(outputs):
    """The error that a cell shows, as it shows it."""
    (error,) = [each for each in outputs if each["output_type"] == "error"]
    return "\n".join(error["traceback"])


class Kernel:
    """A kernel, and what every cell has shown so far, also after its end: `shown[cell]`."""

    def __init__(self, manager, client):
        self._manager = manager
        self._client = client
        self.shown = {}

    def begin(self, code):
        """Begin a cell; returns its number."""
        cell = self._client.execute(code)
        self.shown[cell] = []
        return cell

    def until(self, cell, condition):
        """Read what is shown until `condition(outputs of the cell)`."""
        limit = time.monotonic() + PATIENCE
        while not condition(self.shown[cell]):
            assert time.monotonic() < limit, f"waited in vain; shown: {self.shown[cell]}"
            self._read()

    def end(self, cell):
        """Read until the cell has ended; returns its outputs."""
        self.until(cell, lambda outputs: any(each["output_type"] == "status" for each in outputs))
        return self.shown[cell]

    def run(self, code):
        """Run a cell to its end; returns its outputs."""
        return self.end(self.begin(code))

    def interrupt(self):
        """What the button with the square does."""
        self._manager.interrupt_kernel()

    def _read(self):
        message = self._client.get_iopub_msg(timeout=PATIENCE)
        kind, content = message["msg_type"], message["content"]
        outputs = self.shown.setdefault(message["parent_header"].get("msg_id"), [])
        if kind in ("stream", "display_data", "execute_result", "error"):
            outputs.append({"output_type": kind, **content})
        elif kind == "status" and content["execution_state"] == "idle":
            outputs.append({"output_type": "status"})


@contextmanager
def kernel(folder):
    """A kernel of one's own."""
    manager, client = start_new_kernel(kernel_name="python3", env=_with(environment(folder)))
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _with(more):
    return os.environ | more
