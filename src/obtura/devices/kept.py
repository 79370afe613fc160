"""Settings of devices that outlive a session."""

from obtura.contracts.settings import OnSetting, Setting

__all__ = ["Kept"]


class Kept:
    """A device with settings that a session keeps: it calls `_keep` with each change. See `Persistent`."""

    _on_setting: OnSetting | None = None

    def on_setting(self, listener: OnSetting | None) -> None:
        """Tell `listener` of every change from now on; None: nobody."""
        self._on_setting = listener

    def _keep(self, key: str, value: Setting) -> None:
        if self._on_setting is not None:
            self._on_setting(key, value)
