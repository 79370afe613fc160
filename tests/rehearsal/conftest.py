"""A night that is rehearsed on the demo beamline."""

import pytest

from obtura.rehearsal import rehearse


@pytest.fixture
def night(tmp_path):
    """Rehearse a script with events; gives the report."""
    script, events, count = tmp_path / "night.py", tmp_path / "night.yml", iter(range(100))

    def night(text, happens="", **options):
        script.write_text(text)
        events.write_text(happens)
        return rehearse("demo", script, tmp_path / f"data{next(count)}", events, **options)

    return night
