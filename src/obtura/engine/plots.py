"""The plots that a scan was asked for: whether what they show is in it."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from obtura.ground.errors import UsageError
from obtura.ground.events import ChannelInfo

__all__ = ["name_plots"]

_SHOWN = ("x", "y", "yleft", "yright", "value")


def name_plots(
    scan_name: str, plots: Any, infos: Sequence[ChannelInfo], channel_name: Callable[[str], str]
) -> list[Mapping[str, Any]]:
    """The plots of `scan_info`, with the names that their channels have in this scan.

    Raises:
        UsageError: a plot shows what is no channel of the scan, or text.
    """
    names = {name for info in infos for name in (info.name, info.short_name, *([info.device] if info.is_frame else []))}
    texts = {name for info in infos if info.is_text for name in (info.name, info.short_name)}

    def named(kind: Any, name: Any) -> Any:
        if isinstance(name, str) and texts & {name, channel_name(name)}:
            raise UsageError(f"{scan_name}: its {kind} asks for {name!r}, which is text: only numbers can be plotted")
        if not isinstance(name, str) or name in names:
            return name
        if (renamed := channel_name(name)) in names:
            return renamed
        close = difflib.get_close_matches(name, sorted(names), n=1)
        hint = f": did you mean {close[0]!r}?" if close else ""
        listed = ", ".join(info.name for info in infos)
        raise UsageError(f"{scan_name}: its {kind} asks for {name!r}, no channel of the scan{hint} (it has {listed})")

    def checked(plot: Any) -> Any:
        if not isinstance(plot, Mapping):
            return plot
        kind = plot.get("kind", "plot")
        shown = {key: plot[key] for key in _SHOWN if key in plot}
        return {
            **plot,
            **{
                key: [named(kind, each) for each in given] if isinstance(given, list) else named(kind, given)
                for key, given in shown.items()
            },
        }

    return [checked(plot) for plot in plots]
