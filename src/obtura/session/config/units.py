"""Units in the YAML: whether they are known."""

from collections.abc import Mapping

from obtura.ground.errors import UsageError
from obtura.ground.units import check_unit
from obtura.session.config.described import Description
from obtura.session.config.problems import Problem

__all__ = ["check_units"]


def check_units(objects: Mapping[str, Description], problems: list[Problem]) -> None:
    """Add to `problems` each parameter `unit` that is none."""
    for each in objects.values():
        unit = each.arguments.get("unit")
        if isinstance(unit, str) and "unit" in each.places:
            try:
                check_unit(f"{each.name}: unit", unit)
            except UsageError as error:
                problems.append(Problem(each.places["unit"], str(error)))
