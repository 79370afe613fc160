"""Scan presets that stand on every standard scan; those of the chain stand on `DEFAULT_CHAIN`."""

from collections.abc import Iterator

from obtura.contracts.presets import ScanPreset, check_preset

__all__ = ["StandingPresets"]


class StandingPresets:
    """The scan presets of every standard scan made from now on, `ct` included, in the order in which they came."""

    def __init__(self) -> None:
        self._presets: dict[object, ScanPreset] = {}

    def add(self, preset: ScanPreset, name: str | None = None) -> None:
        """Put one on every standard scan; one of the same name is replaced.

        Raises:
            UsageError (a ValueError): not a ScanPreset, or one that overrides no hook.
        """
        check_preset(preset, ScanPreset)
        self._presets[name if name is not None else id(preset)] = preset

    def remove(self, preset: ScanPreset | None = None, name: str | None = None) -> None:
        """Take one off, by object or by name; nothing happens when it is not there."""
        self._presets = {
            key: standing
            for key, standing in self._presets.items()
            if standing is not preset and (name is None or key != name)
        }

    def __iter__(self) -> Iterator[ScanPreset]:
        return iter(tuple(self._presets.values()))
