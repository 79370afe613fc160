"""Where output goes in a notebook: into the cell that began what it belongs to."""

import sys
from collections.abc import Mapping
from contextvars import Context, copy_context
from typing import Any

__all__ = ["CELL_WIDTH", "context_of", "ipython", "is_cell", "kernel", "show_in_cell"]

CELL_WIDTH = 100
"""Characters that fit on a line of a notebook's output; a longer one would be broken where it is."""


def ipython() -> Any:
    """The IPython that we run in, in a terminal or a notebook's kernel; None elsewhere. Imports nothing."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None


def kernel() -> Any:
    """The IPython of the notebook's kernel that we run in, None elsewhere."""
    shell = ipython()
    return shell if hasattr(shell, "kernel") else None


def is_cell(stream: Any) -> bool:
    """Whether what is written to `stream` appears in a notebook's cell."""
    return hasattr(stream, "parent_header")


def context_of(*streams: Any) -> Context:
    """The context in which the thread of a display writes so that its text appears where it would if written now.

    A kernel's streams send text to the cell which the writing thread belongs to, and that is known by its context; a
    thread that has none writes into whatever cell runs by then. Other streams do not care.
    """
    context = copy_context()
    for stream in streams:
        belong = getattr(stream, "set_thread_parent", None)
        if belong is not None:
            context.run(belong, {"header": stream.parent_header})
    return context


def show_in_cell(data: Mapping[str, Any]) -> None:
    """Show data by mime type, as `{"image/png": bytes}`, in the cell that runs."""
    kernel().display_pub.publish(data=dict(data))
