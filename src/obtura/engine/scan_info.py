"""The facts about a scan that are kept with its data: a dict, with words for what plots and channels want to say."""

from typing import Any

from obtura.ground.errors import UsageError

__all__ = ["ScanInfo"]


class ScanInfo(dict[str, Any]):
    """`scan.scan_info`. What is set before `run()` is kept in the file, as JSON; `plots` say what a viewer shows first.

    Wherever a channel is named, a counter or an axis may be given too. A plot of what is no channel of the scan is an
    error of it, before anything moves.
    """

    def set_channel_meta(self, channel: Any, **facts: Any) -> None:
        """Say something about a channel: `start`, `stop`, `min`, `max`, `points`, `axis_id`, `axis_kind`, `group`...

        What is None is left out.
        """
        about = self.setdefault("channels", {}).setdefault(_channel(channel), {})
        about.update({name: value for name, value in facts.items() if value is not None})

    def add_curve_plot(self, x: Any = None, yleft: Any = None, yright: Any = None, name: str | None = None) -> None:
        """Ask for curves: `yleft` and `yright` (a channel, or a list) over `x`; None: what the scan moves, or time."""
        left, right = _channels(yleft), _channels(yright)
        self._add_plot("curve-plot", name, x=_optional(x), yleft=left, yright=right)

    def add_scatter_plot(self, x: Any, y: Any, value: Any = None, name: str | None = None) -> None:
        """Ask for a map: the colour of `value` (None: the first counter) over `x` and `y`."""
        self._add_plot("scatter-plot", name, x=_channel(x), y=_channel(y), value=_optional(value))

    def add_1d_plot(self, x: Any = None, y: Any = None, name: str | None = None) -> None:
        """Ask for spectra: the channel, or list of channels, `y` over `x` (None: the number of the bin)."""
        self._add_plot("1d-plot", name, x=_optional(x), y=_channels(y))

    @property
    def has_default_curve_plot(self) -> bool:
        """Whether a curve plot was asked for."""
        return any(plot["kind"] == "curve-plot" for plot in self.get("plots", ()))

    def _add_plot(self, kind: str, name: str | None, **what: Any) -> None:
        plots: list[dict[str, Any]] = self.setdefault("plots", [])
        given = {key: value for key, value in what.items() if value not in (None, [])}
        plots.append({"kind": kind, **({"name": name} if name else {}), **given})


def _channel(thing: Any) -> str:
    """The name of a channel, a counter, an axis."""
    if isinstance(thing, str):
        return thing
    fullname = getattr(thing, "fullname", None)
    if isinstance(fullname, str):
        return fullname
    name = getattr(thing, "name", None)
    if not isinstance(name, str):
        raise UsageError(f"expected a channel: its name, a counter or an axis, got {thing!r}")
    return name if ":" in name else f"axis:{name}"


def _optional(thing: Any) -> str | None:
    return None if thing is None else _channel(thing)


def _channels(things: Any) -> list[str]:
    if things is None:
        return []
    return [_channel(each) for each in (things if isinstance(things, list | tuple) else [things])]
