"""`bliss.controllers`: what a user's controller is derived from, and the simulated ones."""

from obtura.bliss.table.entry import Table, absent, differs, same

__all__ = ["CONTROLLERS"]

CONTROLLERS: Table = {
    "bliss.controllers.counter": {
        "CounterController": differs("obtura.contracts.counters:CounterController", "`counters` is a dict by name"),
        "SamplingCounterController": differs(
            "obtura.contracts.counters:SamplingCounterController",
            "`max_sampling_frequency` is None by default, as fast as it answers, and not 1 Hz",
        ),
        **same("obtura.contracts.counters", "IntegratingCounterController"),
        "CalcCounterController": differs(
            "obtura.contracts.calculation:CalcCounterController", "takes `(name, inputs, outputs)`, or a config"
        ),
        **absent("SoftCounterController", "`SoftCounter(obj, ...)` finds the controller of its object"),
    },
    "bliss.controllers.expression_based_calc": same(
        "obtura.devices.expression", "ExpressionCalcCounter ExpressionCalcCounterController"
    ),
    "bliss.controllers.motor": {
        **absent("Controller", "write an AxisDriver, four methods, and give it to an Axis: docs/howto/add-a-device.md"),
        **absent("CalcController", "derive from obtura.devices.CalcAxes: docs/howto/axes.md"),
    },
    "bliss.controllers.motors.mockup": {
        "Mockup": differs("obtura.devices.sim.motor:SimulatedAxis", "an axis each, no controller"),
        "FaultyMockup": differs("obtura.devices.sim.faulty_motor:FaultyAxis", "an axis each, no controller"),
    },
    "bliss.controllers.motors.slits": {
        "Slits": differs("obtura.devices.slits:Slits", "the axes are given by name"),
    },
    "bliss.controllers.simulation_counter": {
        "SimulationCounter": differs("obtura.devices.sim.distribution:SimulationCounter", "keywords, no config"),
        **absent("FixedShapeCounter OneDimSimulationCounter", "SimulationCounter, SimulatedMCA"),
    },
    "bliss.controllers.simulation_diode": {
        "SimulationDiodeSamplingCounter": differs(
            "obtura.devices.sim.counters:SimulatedDiode", "sees the beam of a simulated world"
        ),
        "SimulationDiodeController": differs("obtura.devices.sim.counters:SimulatedController", "answers at once"),
        "SimulationDiodeSamplingController": differs(
            "obtura.devices.sim.counters:SimulatedController", "answers at once"
        ),
        **absent("SimulationDiodeIntegrationController", "SimulatedCard counts by itself"),
    },
}
