"""A scan of obtura within a plan of bluesky: its documents are those of a run of the RunEngine.

The problem. A plan runs on the RunEngine's event loop, a scan waits and so would hold that loop up; and the RunEngine
composes documents from messages, obtura from the record of a scan.

The solution. The scan runs on a thread of its own. Its documents, as `EventDocuments` tells them, are said again in
messages: `open_run`, then `create`, `read`, `save` for each row, `close_run`. So the RunEngine numbers the run, adds
its metadata, and calls its subscribers as with any plan. Frames stay in the file of the scan, which the start document
names.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from bluesky.utils import IllegalMessageSequence, Msg, RequestAbort, RequestStop

from obtura.contracts.consumers import reading_along
from obtura.data.documents.live import EventDocuments
from obtura.engine.running import running
from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort, UsageError
from obtura.works.companion import companion

__all__ = ["obtura_scan"]

_Plan = Generator[Msg, Any, Any]

OURS = ("uid", "time", "scan_id", "versions")
"""What the RunEngine says itself in a start document."""


def obtura_scan(scan: Scan | Callable[[], Any], md: dict[str, Any] | None = None) -> _Plan:
    """A plan that runs a scan, or calls a function that runs any number of them: `obtura_scan(lambda: ascan(...))`.

    Each scan is a run; one that the function gives and has not run is run. The plan's result is what the function
    gives, or the scan. When the RunEngine pauses, the scan pauses between two points, and goes on with it; `RE.stop()`
    ends it well after its point, `RE.abort()` and `RE.halt()` as Ctrl-C does. What the scan raises, the plan raises.
    `md`: metadata for the start documents.

    Raises:
        UsageError: no scan and no function.
    """
    if not isinstance(scan, Scan) and not callable(scan):
        raise UsageError(f"obtura_scan: expected a scan, or a function that runs one, got {scan!r}")
    return _plan(_Performance(scan), dict(md or {}))


def _plan(performance: "_Performance", md: dict[str, Any]) -> _Plan:
    yield Msg("null", performance)  # so that it is told of pauses
    performance.begin()
    try:
        yield from _told(performance, md)
    except GeneratorExit:  # halted: nothing more may be said
        performance.leave()
        raise
    except RequestStop:
        performance.stop()
        yield from _told_to_the_end(performance, md)
        raise
    except Exception:
        performance.abort()
        yield from _told_to_the_end(performance, md)
        raise
    return performance.result()


def _told(performance: "_Performance", md: dict[str, Any]) -> _Plan:
    """Say in messages what the scan tells, until it has ended."""
    while True:
        yield Msg("checkpoint")
        yield Msg("wait_for", None, [performance.news])
        while performance.documents:
            yield from performance.runs.say(*performance.documents.popleft(), md)
        if performance.is_over and not performance.documents:
            return


def _told_to_the_end(performance: "_Performance", md: dict[str, Any]) -> _Plan:
    yield from performance.runs.drop()
    yield from _told(performance, md)


class _Performance:
    """A scan on a thread of its own. It is a Pausable of bluesky."""

    name = "obtura_scan"

    def __init__(self, scan: Scan | Callable[[], Any]) -> None:
        self.documents: deque[tuple[str, dict[str, Any]]] = deque()
        self.runs = _Runs()
        self.is_over = False
        self._scan = scan
        self._wake: Callable[[], object] | None = None
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._ending: Callable[[Scan], None] | None = None

    def begin(self) -> None:
        """Start the thread."""
        self._thread = companion("obtura_scan", self._perform)
        self._thread.start()

    def _perform(self) -> None:
        try:
            with reading_along(lambda: EventDocuments(self._take)):
                self._result = scan = self._scan if isinstance(self._scan, Scan) else self._scan()
                if isinstance(scan, Scan) and (scan is self._scan or scan.state is ScanState.IDLE):
                    scan.run()
        except BaseException as error:  # noqa: BLE001 - the plan raises it
            self._error = error
        finally:
            self.is_over = True
            self._tell()

    def _take(self, name: str, document: dict[str, Any]) -> None:
        self.documents.extend(_in_rows(name, document))
        if self._ending is not None and name == "start":
            self._end_all()  # it began in the moment in which all were to end
        self._tell()

    def _tell(self) -> None:
        if (wake := self._wake) is not None:
            wake()

    async def news(self) -> None:
        """Return when there are documents, or the scan is over."""
        self._tell()  # whoever waited when the RunEngine was paused: nobody waits for that any more
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        self._wake = partial(loop.call_soon_threadsafe, told.set)
        if not self.documents and not self.is_over:
            await told.wait()

    # -- from the RunEngine ---------------------------------------------------------------------------------

    def pause(self) -> None:
        """Pause between two points."""
        for scan in self._running():
            scan.pause()

    def resume(self) -> None:
        """Go on."""
        for scan in self._running():
            scan.resume()

    def stop(self) -> None:
        """End well after the present point."""
        self._ending = Scan.stop
        self._end_all()

    def abort(self) -> None:
        """End as Ctrl-C does."""
        self._ending = Scan.abort
        self._end_all()

    def leave(self) -> None:
        """End as Ctrl-C does; nobody listens any more, and the loop may be closed."""
        self._wake = None
        self.abort()

    def result(self) -> Any:
        """What it gave.

        Raises:
            RequestAbort: it was aborted, though not by the RunEngine.
            Whatever the scan raised.
        """
        error = self._error
        if isinstance(error, ScanAbort):
            raise RequestAbort(str(error)) from error
        if error is not None and not isinstance(error, Exception):
            raise RuntimeError(f"the scan was ended by {error!r}") from error
        if error is not None:
            raise error
        return self._result

    def _running(self) -> list[Any]:
        ident = self._thread.ident if self._thread is not None else None
        return running.on_thread(ident) if ident is not None else []

    def _end_all(self) -> None:
        if self._ending is not None:
            for scan in self._running():
                self._ending(scan)


def _in_rows(name: str, document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The same document; of a page of events, one for each event."""
    if name != "event_page":
        return [(name, document)]
    data, times = document["data"], document["timestamps"]
    return [
        (
            "event",
            {
                "descriptor": document["descriptor"],
                "values": {key: {"value": data[key][row], "timestamp": times[key][row]} for key in data},
            },
        )
        for row in range(len(document["time"]))
    ]


class _Runs:
    """Says documents of obtura in messages. A run is known by the uid that obtura has for it."""

    def __init__(self) -> None:
        self._unsaved: str | None = None
        self._streams: dict[str, tuple[str, str, list[_Object]]] = {}

    def say(self, name: str, document: dict[str, Any], md: dict[str, Any]) -> _Plan:
        """The messages for one document."""
        match name:
            case "start":
                yield from self._open(document, md)
            case "descriptor":
                self._declare(document)
            case "event":
                yield from self._event(document)
            case "stop":
                ended = {key: document[key] for key in ("exit_status", "reason")}
                yield Msg("close_run", None, run=document["run_start"], **ended)

    def _open(self, start: dict[str, Any], md: dict[str, Any]) -> _Plan:
        told = {key: value for key, value in start.items() if key not in OURS}
        info = start["scan_info"]
        ours = {"uid": start["uid"], "scan_number": start["scan_id"], "filename": info.get("filename")}
        yield Msg("open_run", None, run=start["uid"], **{**told, "obtura": ours, **md})

    def _declare(self, descriptor: dict[str, Any]) -> None:
        keys = {key: one for key, one in descriptor["data_keys"].items() if "external" not in one}
        objects = [
            _Object(device, {key: keys[key] for key in names if key in keys}, descriptor["hints"].get(device, {}))
            for device, names in descriptor["object_keys"].items()
        ]
        known = [one for one in objects if one.keys]
        self._streams[descriptor["uid"]] = descriptor["run_start"], descriptor["name"], known

    def _event(self, event: dict[str, Any]) -> _Plan:
        run, stream, objects = self._streams[event["descriptor"]]
        yield Msg("checkpoint")
        self._unsaved = run
        yield Msg("create", None, name=stream, run=run)
        for one in objects:
            one.values = {key: event["values"][key] for key in one.keys}
            yield Msg("read", one, run=run)
        yield Msg("save", None, run=run)
        self._unsaved = None
        yield Msg("checkpoint")

    def drop(self) -> _Plan:
        """Forget the row that was being said when something came in between."""
        if self._unsaved is None:
            return
        run, self._unsaved = self._unsaved, None
        try:
            yield Msg("drop", None, run=run)
        except IllegalMessageSequence:  # it was not begun yet, or a pause has dropped it already
            return


class _Object:
    """What gives some keys of a stream: a Readable that reads what it holds."""

    parent = None

    def __init__(self, name: str, keys: dict[str, Any], hints: dict[str, Any]) -> None:
        self.name = name
        self.keys = {
            key: {word: value for word, value in one.items() if word != "object_name"} for key, one in keys.items()
        }
        self.hints = hints
        self.values: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """What it holds."""
        return self.values

    def describe(self) -> dict[str, Any]:
        """Its keys."""
        return self.keys

    def read_configuration(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        """Nothing."""
        return {}
