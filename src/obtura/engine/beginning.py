"""The first event of a scan: what is known of it before anything is prepared."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from obtura.engine.facts import preset_infos
from obtura.ground.events import ChannelInfo, ScanBegan
from obtura.works.clock import clock

__all__ = ["beginning"]


def beginning(
    scan: Any,
    presets: Sequence[Any],
    channels: tuple[ChannelInfo, ...],
    metadata: Mapping[str, Mapping[str, Any]],
    later: Sequence[str],
    retakes: Collection[int],
) -> ScanBegan:
    """Of `scan`, which has its number; see `ScanBegan`. `presets`: those around the scan."""
    around = scan.surroundings
    return ScanBegan(
        number=scan.scan_number,
        name=scan.name,
        title=" ".join(str(scan.scan_info.get("title") or scan.name).split()),
        start_time=datetime.fromtimestamp(clock.epoch()).astimezone(),
        scan_info=dict(scan.scan_info),
        branches=tuple(top.name for top in scan.acq_chain.top_masters),
        channels=channels,
        presets=preset_infos(presets, scan.acq_chain),
        metadata=metadata,
        positioners=dict(around.positions()),
        later=tuple(later),
        configuration=around.configuration(),
        retakes=tuple(retakes),
    )
