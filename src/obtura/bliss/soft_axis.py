"""`SoftAxis` as modules written for BLISS make one: the current session has it from then on."""

from typing import Any

from obtura.bliss.current import get_current_session
from obtura.devices import soft

__all__ = ["SoftAxis"]


class SoftAxis(soft.SoftAxis):
    """As obtura's; the current session has it under its name, unless `export_to_session` is False."""

    def __init__(self, *arguments: Any, export_to_session: bool = True, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        if export_to_session:
            get_current_session().env_dict[self.name] = self
