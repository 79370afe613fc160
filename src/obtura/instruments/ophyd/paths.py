"""Where a detector of ophyd-async writes: a path provider that says the directory of obtura's present scan."""

import importlib
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

__all__ = ["ScanPathProvider", "told_where"]

_where: ContextVar[Path] = ContextVar("where")


class ScanPathProvider:
    """A `PathProvider` of ophyd-async: files go into the directory of the scan for which an `OphydCamera` is prepared.

    A detector whose class takes a `path_provider` and is given none has this one.
    """

    def __call__(self, datakey_name: str | None = None) -> Any:
        """The directory, and a name for the file of this key.

        Raises:
            RuntimeError: it is not prepared for a scan of obtura.
        """
        path = _where.get(None)
        if path is None:
            raise RuntimeError(
                "no scan of obtura says where its file goes: use an OphydCamera, or give a path_provider of your own"
            )
        key = "frames" if datakey_name in (None, path.stem) else datakey_name
        path_info: Any = importlib.import_module("ophyd_async.core").PathInfo
        return path_info(directory_path=path.parent.absolute(), filename=f"{path.stem.rstrip('_')}_{key}")


def told_where(path: Path, method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`method`, and each `ScanPathProvider` that is asked meanwhile says: beside the file `path`."""

    def prepare(value: Any) -> Any:
        was = _where.set(path)  # what is begun now keeps it
        try:
            return method(value)
        finally:
            _where.reset(was)

    return prepare
