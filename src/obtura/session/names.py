"""The names that a session has from the start, before its devices: commands, classes, settings."""

from typing import Any

import numpy as np

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.devices import CalcCounterController, SamplingMode
from obtura.contracts.generators import chain_preset, iteration_preset, scan_preset
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.contracts.watchdog import WatchdogCallback
from obtura.devices.expression import ExpressionCalcCounter
from obtura.devices.soft import SoftAxis, SoftCounter
from obtura.presets.cover import DetectorCoverPreset
from obtura.presets.multiplexer import MultiplexerPreset
from obtura.presets.protect import ProtectPreset
from obtura.presets.shutter import ShutterPreset
from obtura.presets.wait_for_beam import WaitForBeam
from obtura.presets.wait_for_refill import WaitForRefill
from obtura.scans.bench import COMMANDS, Bench
from obtura.session.cleanup import cleanup, error_cleanup
from obtura.session.plotting import Plotting
from obtura.session.rockit import rockit
from obtura.works.clock import clock

__all__ = ["CLASSES", "names_of_bench"]

CLASSES = (
    AcquisitionChain,
    AcquisitionMaster,
    AcquisitionSlave,
    CalcCounterController,
    ChainIterationPreset,
    ChainPreset,
    DetectorCoverPreset,
    ExpressionCalcCounter,
    MultiplexerPreset,
    SamplingMode,
    ScanPreset,
    ProtectPreset,
    ShutterPreset,
    SoftAxis,
    SoftCounter,
    WaitForBeam,
    WaitForRefill,
    WatchdogCallback,
)


def names_of_bench(bench: Bench) -> dict[str, Any]:
    """The scan commands, the classes for scans and presets of one's own, numpy as `np`, `plot` and `sleep`."""
    return {
        **{cls.__name__: cls for cls in CLASSES},
        "DEFAULT_CHAIN": bench.default_chain,
        "SCANS": bench.scans,
        "Group": bench.Group,
        "Scan": bench.Scan,
        "ScanSequence": bench.ScanSequence,
        "Sequence": bench.Sequence,
        "chain_preset": chain_preset,
        "cleanup": cleanup,
        "error_cleanup": error_cleanup,
        "iteration_preset": iteration_preset,
        "np": np,
        "rockit": rockit,
        "scan_preset": scan_preset,
        "plot": Plotting(bench).plot,
        "sleep": clock.sleep,
        **{name: getattr(bench, name) for name in COMMANDS},
    }
