"""`bliss.controllers`: what a user's controller is derived from, and the simulated ones."""

from obtura.bliss.table.entry import Table, absent, differs, same

__all__ = ["CONTROLLERS"]

_OTHER_LINES = "a socket, pyserial or pyvisa: docs/howto/add-a-device.md"

_ENERGY = differs("obtura.devices.bliss.slits:TaggedEnergy", "called TaggedEnergy here")

CONTROLLERS: Table = {
    "bliss.comm.exceptions": {
        "CommunicationError": differs("obtura.ground.errors:DeviceError", "every device raises it"),
        "CommunicationTimeout": differs("obtura.devices.bliss.comm:LineTimeout", "called LineTimeout here"),
    },
    "bliss.comm.serial": {
        "Serial": differs("obtura.devices.bliss.comm:SerialLine", "`(url, eol, timeout)` and pyserial's keys"),
    },
    "bliss.comm.tcp": {
        "Command": differs("obtura.devices.bliss.comm:TcpLine", "`(url, eol, timeout)`, the url is host:port"),
        "Socket": differs("obtura.devices.bliss.comm:TcpLine", "`(url, eol, timeout)`, the url is host:port"),
        "Tcp": differs("obtura.devices.bliss.comm:TcpLine", "`(url, eol, timeout)`, the url is host:port"),
    },
    "bliss.comm.util": {
        "get_comm": differs("obtura.devices.bliss.comm:get_comm", "for `tcp` and `serial`"),
        **absent("TCP SERIAL GPIB UDP COMMAND", "`get_comm` finds out by the key, `tcp` or `serial`"),
    },
    "bliss.comm.gpib": absent("Gpib TangoGpib", _OTHER_LINES),
    "bliss.comm.modbus": absent("ModbusTcp Modbus_RTU Modbus_ASCII", _OTHER_LINES),
    "bliss.comm.udp": absent("Udp", _OTHER_LINES),
    "bliss.controllers.bliss_controller": absent(
        "BlissController", "a class that takes `(name, config)`: docs/howto/come-from-bliss.md"
    ),
    "bliss.controllers.counter": {
        "CounterController": differs(
            "obtura.contracts.counters:CounterController",
            "`counters` is a dict by name: `counters.values()` in a loop",
        ),
        "SamplingCounterController": differs(
            "obtura.contracts.counters:SamplingCounterController",
            "`max_sampling_frequency` is None by default, as fast as it answers, and not 1 Hz; `counters` is a dict",
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
        "Controller": differs(
            "obtura.devices.bliss.controller:Controller",
            "called from one thread at a time; velocities are told before the next move; no settings of its own",
        ),
        "CalcController": differs(
            "obtura.devices.bliss.calc:CalcController",
            "`calc_to_real` gets every tag, without the one that is asked for",
        ),
        **same("obtura.devices.bliss.methods", "add_axis_method"),
        **absent("EncoderCounterController", "`encoder.counter`"),
    },
    "bliss.controllers.machinfo": {
        "MachInfo": differs("obtura.devices.machine:MachineInfo", "called MachineInfo here; takes a MachineDriver"),
        "WaitForRefillPreset": differs("obtura.presets:WaitForRefill", "called WaitForRefill here"),
    },
    "bliss.controllers.motors.energy_wavelength": {"EnergyWavelength": _ENERGY},
    "bliss.controllers.motors.energywavelength": {"EnergyWavelength": _ENERGY},
    "bliss.controllers.motors.mockup": {
        **same("obtura.devices.bliss.mockup", "Mockup FaultyMockup"),
        **absent(
            "CalcMockup CustomMockup MockupAxis MockupHook calc_motor_mockup",
            "derive from Mockup, MotionHook, CalcController",
        ),
    },
    "bliss.controllers.motors.slits": {
        "Slits": differs("obtura.devices.bliss.slits:TaggedSlits", "finds out by the tags which blades there are"),
    },
    "bliss.controllers.multiplepositions": {
        "MultiplePositions": differs("obtura.devices.multiple_positions:MultiplePositions", "keywords, no config"),
    },
    "bliss.controllers.multiplexer": {
        "Multiplexer": differs("obtura.devices.multiplexer:Multiplexer", "takes a driver, no config of boards"),
    },
    "bliss.controllers.simulation_calc_counter": absent(
        "MeanCalcCounterController", "ExpressionCalcCounterController, or derive from CalcCounterController"
    ),
    "bliss.controllers.simulation_counter": {
        **absent("SimulationCounterController", "SimulationCounter finds its own"),
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
        **absent(
            "SimulationDiodeIntegratingCounter SimulationDiodeIntegrationController", "SimulatedCard counts by itself"
        ),
        **absent("CstSimulationDiodeSamplingCounter", "ConstantCounter"),
        **absent("DEFAULT_CONTROLLER DEFAULT_INTEGRATING_CONTROLLER", "each simulated diode has its controller"),
        **absent("simulation_diode", "`class: simulation_diode` in YAML; SimulatedDiode in Python"),
    },
}
