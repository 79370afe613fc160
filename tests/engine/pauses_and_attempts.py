"""What must hold after any scan of pauses, and of points that may be taken again: for `invariants`."""

from collections import Counter

import numpy as np
from cast import Pausing

from obtura.engine.attempts import LEFT
from obtura.ground.events import Attempt, Points


def presets_pause_from_the_inside_out_and_resume_the_other_way(report):
    """Of those entered each once; an error or a press may end it at any of them."""
    hooks = [(owner, hook) for _, owner, hook in report.hooks]
    entered = [owner for owner, hook in hooks if hook == "prepare" and "I" not in owner]
    paused, resumed = ([owner for owner, hook in hooks if hook == what] for what in ("pause", "resume"))
    assert paused == entered[::-1][: len(paused)], f"entered {entered}, paused {paused}"
    assert resumed == entered[: len(resumed)], f"entered {entered}, resumed {resumed}"
    assert not resumed or len(paused) == len(entered), f"resumed {resumed}, paused only {paused}"
    if any(isinstance(preset, Pausing) for preset in report.scan._presets):
        assert report.raised or resumed == entered, f"entered {entered}, resumed {resumed}"


def attempts_of(report):
    """How often each iteration preset had to be entered again: `{"C1I0": 2}`; its pairs count."""
    again = Counter()
    for event in report.viewer.of(Attempt):
        letter = "CD"[event.branch]
        again.update(f"{letter}{n}I{event.point}" for n in (1, 2) if event.reason != LEFT)
    return again


def points_are_whole(report):
    names = [info.name for info in report.viewer.events[0].channels] if report.opened else []
    counts = Counter()
    values = {name: [] for name in names}
    taken = {name: [] for name in names}  # with those that were not kept
    for event in report.viewer.events:
        if isinstance(event, Attempt):
            for channel, blocks in event.values.items():
                taken[names[channel]] += flat(blocks)
        if not isinstance(event, Points):
            continue
        assert event.first == counts[event.channel], f"{event} does not follow point {counts[event.channel] - 1}"
        counts[event.channel] += len(event.values)
        values[names[event.channel]] += list(event.values)
        taken[names[event.channel]] += list(event.values)
    data = report.scan.get_data()
    for name in names if report.world.emitted is not None else ():
        sent, begun = flat(report.world.emitted.get(name, [])), flat(report.world.emitting.get(name, []))
        assert taken[name][: len(sent)] == sent, f"{name}: emitted {sent}, recorded {taken[name]}"
        assert taken[name] == begun[: len(taken[name])], f"{name}: recorded {taken[name]}, emitted {begun}"
        kept = list(data[name])
        assert kept == values[name][: len(kept)], f"{name}: get_data gives {kept}, the record {values[name]}"
        assert len(values[name]) - len(kept) in (0, 1), f"{name}: get_data gives {kept}, the record {values[name]}"


def flat(blocks):
    """All values that were emitted, in order."""
    return [float(value) for block in blocks for value in np.atleast_1d(block)]
