"""The page of the docs: its table is made of what was measured last, its words are written by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.cases import THE_LOOP, Case
from bench.results import Machine, Result, load_results
from bench.table import figure_texts, ratio_text, time_text

__all__ = ["PAGE", "write_page"]

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "speed.md"
BEGIN = "<!-- made by python -m bench --write-docs -->"
END = "<!-- made until here -->"


def write_page(cases: Sequence[Case]) -> None:
    """Put the table into the page; it names what was never measured.

    Raises:
        SystemExit: nothing was measured.
    """
    results = load_results(cases)
    if not results:
        raise SystemExit("bench: nothing was measured yet: make bench PEERS=1")
    lacking = [one.name for one in cases if one.name not in {each.case for each in results}]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{_table(results, lacking)}\n\n{END}{after}", encoding="utf-8")
    print(f"{PAGE}: {len(results)} cases")


def _table(results: Sequence[Result], lacking: Sequence[str]) -> str:
    last = max(results, key=lambda each: each.time)
    loads = sorted(each.load for each in results)
    where = (
        f"Measured on {last.time[:10]} on {Machine(**last.machine).text}. Load of the machine meanwhile: "
        f"{loads[0]:.1f} to {loads[-1]:.1f}."
    )
    cases = [each for each in results if not each.figures]
    studies = [each for each in results if each.figures]
    return "\n".join(
        [
            where,
            "",
            "| case | per | floor | obtura | ratio (quartiles) | of processor time | budget | bluesky |",
            "|---|---|---:|---:|---:|---:|---:|---:|",
            *map(_case, cases),
            "",
            "| what | value | budget |",
            "|---|---:|---:|",
            *(row for each in studies for row in _study(each)),
            *(["", f"Not measured here: {', '.join(f'`{name}`' for name in lacking)}."] if lacking else []),
        ]
    )


def _case(result: Result) -> str:
    found = result.measured
    ratio, low, high = found["ratio"]
    remark = f" ({found['remark']})" if found["remark"] else ""
    cells = (
        f"`{result.case}` {result.what}{remark}",
        result.per,
        _floor(result),
        time_text(found["work"][0]),
        f"{ratio_text(ratio)} ({ratio_text(low)}–{ratio_text(high)})",
        ratio_text(found["cpu_ratio"][0]),
        _budget(result.budget, result.is_met),
        "; ".join(f"{time_text(s[0])}, {ratio_text(r[0])} x" for s, r in found["peers"].values()),
    )
    return f"| {' | '.join(cells)} |"


def _floor(result: Result) -> str:
    text = time_text(result.measured["floor"][0])
    return text if result.floor_name == THE_LOOP else f"{text}, {result.floor_name}"


def _study(result: Result) -> list[str]:
    rows = [f"| `{result.case}` {result.what} | | |"]
    for figure in result.figures:
        what, value, budget, _ = figure_texts(figure)
        kept = None if figure["budget"] is None else figure["value"] <= figure["budget"]
        rows.append(f"| – {what} | {value} | {_budget(figure['budget'], kept) if budget else ''} |")
    return rows


def _budget(budget: Any, is_met: bool | None) -> str:
    if budget is None:
        return ""
    return f"{budget:g}, kept" if is_met else f"{budget:g}, **over**"
