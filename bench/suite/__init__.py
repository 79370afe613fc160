"""The cases. Importing a module registers those in it; the table is in this order."""

from importlib import import_module

MODULES = (
    "points",
    "counters",
    "devices",
    "text",
    "epics",
    "tango",
    "ophyd",
    "presets",
    "consumers",
    "sampling",
    "blocks",
    "frames",
    "whole",
    "listing",
    "rehearsal",
    "growth",
    "sessions",
    "timekeeping",
    "abort",
)

for _name in MODULES:
    import_module(f"bench.suite.{_name}")
