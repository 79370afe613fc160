"""What must hold after any scan, however it ended: DESIGN 2.1 and 2.2, one function an invariant."""

from collections import Counter

from cast import Noted
from pauses_and_attempts import (
    attempts_of,
    points_are_whole,
    presets_pause_from_the_inside_out_and_resume_the_other_way,
)

from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort, one_line
from obtura.ground.events import HookEntered, HookLeft, Points, ScanBegan, ScanClosed, ScanEnded

HOOKS = ("prepare", "start", "pause", "resume", "retake", "before_stop", "stop")
FORWARD = ("prepare", "start", "trigger", "reading", "wait_ready", "next")


class Report:
    """A scan that ended, its world, and what `run()` raised; `check_all` asks every question about it."""

    def __init__(self, scan, world, raised, around):
        self.scan = scan
        self.world = world
        self.raised = raised
        self.viewer = around.viewer
        self.saver = around.saver
        self.around = around
        self.devices = {node.name: node for node in scan.acq_chain.nodes_list if isinstance(node, Noted)}
        self.branch_of = {
            node.name: index for index, top in enumerate(scan.acq_chain.top_masters) for node in (top, *below(top))
        }
        self.log = list(world.log)
        self._began = {}
        for at, entry in enumerate(self.log):
            if entry.what == "begin":
                self._began.setdefault(entry.name, []).append(at)
        self.hooks = [
            (at, owner, hook)
            for at, entry in enumerate(self.log)
            for owner, _, hook in [entry.name.rpartition(".")]
            if entry.what == "begin" and owner not in self.devices and hook in HOOKS
        ]
        self.opened = bool(around.viewer.opened)
        self.given_up = set()  # calls that hung
        self.came_out = True  # it was raised as it is; after SIGTERM the process ends instead

    def begins(self, name):
        """The places in the log where a call began."""
        return self._began.get(name, [])

    def check_all(self):
        """Every invariant; raises AssertionError at the first that is broken."""
        for check in CHECKS:
            try:
                check(self)
            except AssertionError as error:
                raise type(error)(f"{check.__name__.replace('_', ' ')}: {error}") from error


def below(node):
    """What a master triggers, at any depth."""
    for slave in getattr(node, "slaves", ()):
        yield slave
        yield from below(slave)


# -- presets --------------------------------------------------------------------------------------------------


def entered_presets_are_left_exactly_once(report):
    """Entered: noted in the record as about to be called; a press that waited may keep `prepare` from beginning."""
    entered = Counter(name_of(event) for event in report.viewer.of(HookEntered) if event.hook == "prepare")
    hooks = report.hooks
    prepared = Counter(owner for _, owner, hook in hooks if hook == "prepare")
    stopped = Counter(owner for _, owner, hook in hooks if hook == "stop")
    again = attempts_of(report)
    assert all(count <= 1 + again[owner] for owner, count in entered.items()), f"entered {entered}, again {again}"
    assert not prepared - entered, f"prepared {dict(prepared)}, the record has {dict(entered)}"
    assert stopped == entered, f"entered {dict(entered)}, stopped {dict(stopped)}"
    before = Counter(owner for _, owner, hook in hooks if hook == "before_stop")
    chained = {owner: 1 for owner in entered if owner in CHAINED}
    assert before == chained, f"entered {sorted(chained)}, before_stop was called for {dict(before)}"
    for at, owner, hook in hooks:
        if hook != "prepare" and owner in prepared:
            assert report.begins(f"{owner}.prepare")[0] < at, f"{owner}.{hook} came before its prepare"


def name_of(event):
    """`C1I0` for an iteration preset of C1 before point 0."""
    return f"{event.owner}{event.point}" if event.owner.endswith("I") else event.owner


CHAINED = {"C1", "C2", "C9", "D1", "D2", "E1"}
AROUND_A_SCAN = "ST"
"""The first letters of scan presets; those of another scan beside it have others."""


def level_of(owner):
    """Presets of one level are left in reverse: `S`, `C`, `D`, or `C-0` for the first iteration of C1, C2."""
    if "I" in owner:
        return f"{owner[0]}-{owner.partition('I')[2]}"
    return owner[0]


def presets_of_a_level_are_left_in_reverse(report):
    levels = {}
    for event in report.viewer.of(HookEntered):
        owner = name_of(event)
        inside, before = levels.setdefault(level_of(owner), ([], []))
        if event.hook == "prepare":
            inside.append(owner)
        elif event.hook == "before_stop":
            before.append(owner)
            assert before == inside[::-1][: len(before)], f"entered {inside}, before_stop in the order {before}"
        elif event.hook == "stop":
            assert inside[-1] == owner, f"entered {inside}, then {owner}.stop"
            inside.pop()


def levels_are_left_from_the_inside_out(report):
    stops = {owner: at for at, owner, hook in report.hooks if hook == "stop"}
    last_device = {}
    for name, branch in report.branch_of.items():
        for at in report.begins(f"{name}.stop"):
            last_device[branch] = max(at, last_device.get(branch, -1))
    for owner, at in stops.items():
        if owner in CHAINED:
            branch = 1 if owner[0] == "D" else 0
            assert at > last_device.get(branch, -1), f"{owner}.stop came before a device of its branch was stopped"
            for inner, inner_at in stops.items():
                if "I" in inner and inner[0] == owner[0]:
                    assert inner_at < at, f"{owner}.stop came before {inner}.stop"
        if owner[0] in AROUND_A_SCAN:
            later = [each for each, its in stops.items() if each[0] not in AROUND_A_SCAN and its > at]
            later += [f"branch {branch}" for branch, device_at in last_device.items() if device_at > at]
            assert not later, f"{owner}.stop came before {later} was left"


def hooks_run_on_the_callers_thread_one_at_a_time(report):
    inside = None
    for entry in report.log:
        owner, _, hook = entry.name.rpartition(".")
        is_hook = owner not in report.devices and "." in entry.name and hook != "close"
        if not is_hook or owner in ASYNC:
            continue
        assert entry.thread == report.world.caller, f"{entry.name} ran on another thread"
        if entry.what == "begin":
            assert inside is None, f"{entry.name} began inside {inside}"
            inside = entry.name
        else:
            inside = None


ASYNC = {"SA"}


def no_clean_up_is_torn(report):
    for entry in report.log:
        if entry.what == "raised" and entry.name.endswith((".stop", ".before_stop", ".close")):
            assert not isinstance(entry.error, KeyboardInterrupt), f"{entry.name} was torn by {entry.error!r}"
    open_calls = Counter()
    for entry in report.log:
        open_calls[entry.key] += 1 if entry.what == "begin" else -1
    never_ended = [key for key, count in open_calls.items() if count]
    assert not never_ended, f"these calls never ended: {never_ended}"


def iterators_are_closed_just_before_the_preset_is_stopped(report):
    for entry in report.log:
        owner, _, call = entry.name.rpartition(".")
        if entry.what == "end" and call == "get_iterator":
            closed, stopped = report.begins(f"{owner}.close"), report.begins(f"{owner}.stop")
            if not closed and isinstance(report.raised, ScanAbort) and not report.begins(f"{owner}.next"):
                continue  # Ctrl-C came between its last line and its return: there is no iterator
            assert len(closed) == 1, f"the iterator of {owner} was closed {len(closed)} times"
            between = [its for at, its, _ in report.hooks if closed[0] < at < stopped[0]]
            between = (
                [] if f"{owner}.close" in report.given_up else between
            )  # the next in turn may be of another branch
            assert closed[0] < stopped[0] and not between, f"{owner}.close, {between}, {owner}.stop"


# -- devices ----------------------------------------------------------------------------------------------------


def entered_devices_are_stopped_exactly_once(report):
    for name in report.devices:
        prepared, stopped = report.begins(f"{name}.prepare"), report.begins(f"{name}.stop")
        if prepared:
            assert len(stopped) == 1, f"{name} was prepared and stopped {len(stopped)} times"
        else:
            assert len(stopped) <= 1, f"{name} was stopped {len(stopped)} times"
            assert not stopped or report.raised is not None, f"{name} was stopped and never entered"


def masters_are_stopped_first(report):
    if report.raised is not None:  # then those in the middle of a call are
        return
    for name, node in report.devices.items():
        stopped = report.begins(f"{name}.stop")
        for slave in getattr(node, "slaves", ()):
            assert stopped < report.begins(f"{slave.name}.stop"), f"{slave.name}.stop came before {name}.stop"


def no_call_begins_on_a_device_that_is_stopped(report):
    for name in report.devices:
        stopped = report.begins(f"{name}.stop")
        for call in FORWARD if stopped else ():
            late = [at for at in report.begins(f"{name}.{call}") if at > stopped[0]]
            late = [at for at in late if not in_progress(report.log[:at], name)]  # its own code may go on
            if any(was_about_to_begin(report.log, stopped[0], at) for at in late):
                raise ByAHairError(f"{name}.{call} began just after {name}.stop")
            assert not late, f"{name}.{call} began after {name}.stop"


class ByAHairError(AssertionError):
    """A device was stopped while a thread was between the engine's last check and the first line of a call to it.

    Nothing can close this gap; it is a few bytecodes wide. Once is chance, again and again is a bug.
    """


def was_about_to_begin(log, stopped, at):
    """Whether the thread of a call did nothing else since its device was stopped."""
    return not any(entry.thread == log[at].thread for entry in log[stopped:at])


def before_stop_comes_before_devices_are_stopped(report):
    """But devices with a call in progress, after an error or a cut, are stopped first."""
    for at, owner, hook in report.hooks:
        if hook != "before_stop":
            continue
        branch = 1 if owner[0] == "D" else 0
        for name in (name for name, its in report.branch_of.items() if its == branch and name in report.devices):
            stopped = report.begins(f"{name}.stop")
            if report.raised is None:
                assert not stopped or stopped[0] > at, f"{name}.stop came before {owner}.before_stop"
            elif report.begins(f"{name}.prepare") and not (stopped and stopped[0] < at):
                running = in_progress(report.log[:at], name)
                assert not running, f"{owner}.before_stop came while {running} was in progress"


def in_progress(log, name):
    """The forward call of a device that is going on at the end of `log`."""
    going = [
        entry.key
        for entry in log
        if entry.what == "begin" and entry.name.rpartition(".")[0] == name and not entry.name.endswith(".stop")
    ]
    over = {entry.key for entry in log if entry.what != "begin"}
    return [key for key in going if key not in over]


def never_two_calls_on_one_device_at_once(report):
    going = {}
    for entry in report.log:
        name, _, call = entry.name.rpartition(".")
        if name not in report.devices or call == "stop":
            continue
        threads = going.setdefault(name, [])
        if entry.what == "begin":
            assert all(thread == entry.thread for thread in threads), f"{entry.name} began beside another call"
            threads.append(entry.thread)
        else:
            threads.remove(entry.thread)


def lanes_keep_their_thread(report):
    threads = {}
    for entry in report.log:
        name, _, call = entry.name.rpartition(".")
        if name in report.devices and name.startswith(("lane", "own")) and call not in ("stop", "metadata"):
            threads.setdefault(name, set()).add(entry.thread)
    wandering = {name: ids for name, ids in threads.items() if len(ids) > 1}
    assert not wandering, f"called on several threads: {wandering}"


def motors_are_at_rest(report):
    moving = [axis.name for axis in report.around.axes if axis.is_moving]
    assert not moving, f"{moving} were left moving"


# -- the record -------------------------------------------------------------------------------------------------


def the_record_is_whole(report):
    for watcher in (report.viewer, report.saver):
        assert watcher.opened == watcher.closed, f"{watcher.name} opened {watcher.opened}, closed {watcher.closed}"
        if not watcher.opened:
            assert not watcher.events
            continue
        events = watcher.events
        assert isinstance(events[0], ScanBegan), f"the first event is {events[0]!r}"
        assert isinstance(events[-1], ScanClosed), f"the last event is {events[-1]!r}"
        for kind in (ScanBegan, ScanEnded, ScanClosed):
            assert len(watcher.of(kind)) == 1, f"{len(watcher.of(kind))} x {kind.__name__}"
        ended = events.index(watcher.of(ScanEnded)[0])
        assert not any(isinstance(event, Points | HookEntered) for event in events[ended:])
    assert report.viewer.events == report.saver.events, "the readers saw different things"


def hooks_are_paired_in_the_record(report):
    inside = None
    for event in report.viewer.events:
        if isinstance(event, HookEntered):
            assert inside is None, f"{event} inside {inside}"
            inside = event
        elif isinstance(event, HookLeft):
            assert inside is not None
            assert event[:4] == inside[:4], f"{event} after {inside}"
            inside = None
    assert inside is None, f"{inside} was never left"
    left = iter(report.viewer.of(HookLeft))
    for _, owner, hook in report.hooks:
        event = next(left)
        while never_begun(event) and (event.owner, event.hook) != (plain(owner), hook):
            event = next(left)
        assert (event.owner, event.hook) == (plain(owner), hook), f"called was {owner}.{hook}, noted is {event}"
    assert all(never_begun(event) for event in left), "the record has a hook that was not called"


def never_begun(event):
    """A press that waited is let in at the door of a hook: it is noted as entered, and never begun."""
    return bool(event.error) and event.error.startswith("ScanAbort")


def plain(owner):
    """The class of an iteration preset: `C1I` of `C1I0`."""
    return owner.rstrip("0123456789") if "I" in owner else owner


# -- how it ended -----------------------------------------------------------------------------------------------


def the_end_is_told_truly(report):
    scan, raised = report.scan, report.raised
    errors = scan.errors
    assert (errors[0] if errors else None) is raised, f"run() raised {raised!r}, the errors are {errors}"
    if raised is None:
        state, reason = ScanState.DONE, "SUCCESS"
    elif isinstance(raised, ScanAbort):
        state, reason = ScanState.USER_ABORTED, "USER_ABORT"
    else:
        state, reason = ScanState.KILLED, "FAILURE"
    assert scan.state is state, f"{scan.state!r} after {raised!r}"
    assert scan.wait_state(ScanState.DONE, timeout=0)
    assert report.around.ended == [scan], "the surroundings were not told of the end"
    if report.given_up and report.opened:  # what is raised too late comes after the last event
        errors = errors[: max(1, len(report.viewer.events[-1].errors))]
    for later in errors[1:] if report.came_out else ():
        assert any(one_line(later) in note for note in raised.__notes__), f"{later!r} is in no note of {raised!r}"
    if report.opened:
        ended, closed = report.viewer.of(ScanEnded)[0], report.viewer.events[-1]
        assert ended.end_reason == reason, f"{ended} after {raised!r}"
        assert closed.state == state.name, f"{closed} after {raised!r}"
        told = tuple(map(one_line, errors))
        if isinstance(raised, ScanAbort):  # a scan around this one may know better whose abort it was
            told = (closed.errors[0], *told[1:])
        assert closed.errors == told, f"the record has {closed.errors}, the errors are {told}"


CHECKS = (
    entered_presets_are_left_exactly_once,
    presets_of_a_level_are_left_in_reverse,
    presets_pause_from_the_inside_out_and_resume_the_other_way,
    levels_are_left_from_the_inside_out,
    hooks_run_on_the_callers_thread_one_at_a_time,
    no_clean_up_is_torn,
    iterators_are_closed_just_before_the_preset_is_stopped,
    entered_devices_are_stopped_exactly_once,
    masters_are_stopped_first,
    no_call_begins_on_a_device_that_is_stopped,
    before_stop_comes_before_devices_are_stopped,
    never_two_calls_on_one_device_at_once,
    lanes_keep_their_thread,
    motors_are_at_rest,
    the_record_is_whole,
    hooks_are_paired_in_the_record,
    points_are_whole,
    the_end_is_told_truly,
)
