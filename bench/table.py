"""The table that is printed: a line for each case, the figures of a study below its name."""

from typing import Any

from bench.results import Result

__all__ = ["figure_texts", "heading", "lines", "ratio_text", "time_text"]

_FORM = "{:20} {:60} {:>8} {:>8} {:>6} {:>16} {:>6} {:>6} {:>4}  {}"


def heading() -> str:
    """What the columns are."""
    names = ("case", "what", "floor", "obtura", "ratio", "quartiles", "of cpu", "budget", "kept", "")
    return _FORM.format(*names).rstrip()


def lines(result: Result) -> str:
    """One result, without the end of the line."""
    if result.figures:
        rows = [(result.case, result.what, "", "", "", "", "", "", ""), *(_figure(each) for each in result.figures)]
        return "\n".join(_FORM.format(*row, "").rstrip() for row in rows)
    found = result.measured
    ratio, low, high = found["ratio"]
    budget = "" if result.budget is None else f"{result.budget:g}"
    kept = {None: "", True: "yes", False: "NO"}[result.is_met]
    times = time_text(found["floor"][0]), time_text(found["work"][0])
    quartiles = f"{ratio_text(low)} to {ratio_text(high)}"
    return _FORM.format(
        result.case, f"{result.what}, per {result.per}", *times, ratio_text(ratio), quartiles,
        ratio_text(found["cpu_ratio"][0]), budget, kept,
        "; ".join([*_peers(found), *([found["remark"]] if found["remark"] else [])]),
    ).rstrip()  # fmt: skip


def _figure(figure: dict[str, Any]) -> tuple[str, ...]:
    what, value, budget, kept = figure_texts(figure)
    return "", f"  {what}", "", "", value, "", "", budget, kept


def figure_texts(figure: dict[str, Any]) -> tuple[str, str, str, str]:
    """What, value and unit, budget, whether it is kept."""
    value = f"{figure['value']:.3g} {figure['unit']}".rstrip()
    if figure["budget"] is None:
        return figure["what"], value, "", ""
    return figure["what"], value, f"{figure['budget']:g}", "yes" if figure["value"] <= figure["budget"] else "NO"


def _peers(found: dict[str, Any]) -> list[str]:
    return [
        f"{name} {time_text(seconds[0])} = {ratio_text(ratio[0])} x obtura"
        for name, (seconds, ratio) in found["peers"].items()
    ]


def time_text(seconds: float) -> str:
    """A time with its unit, three digits."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if abs(seconds) * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def ratio_text(ratio: float) -> str:
    """A ratio: two digits after the point when it is small, none when it is large."""
    return f"{ratio:.2f}" if abs(ratio) < 10 else f"{ratio:.1f}" if abs(ratio) < 100 else f"{ratio:.0f}"
