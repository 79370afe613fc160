"""What must hold of pauses after any scan: one more question for `invariants`."""

from cast import Pausing


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
