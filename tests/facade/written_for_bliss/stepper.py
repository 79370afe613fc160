"""A motor controller on a TCP line."""

from bliss import global_map
from bliss.comm.util import get_comm
from bliss.common.axis import AxisState
from bliss.common.logtools import log_debug
from bliss.common.utils import object_attribute_get, object_attribute_set, object_method
from bliss.controllers.motor import Controller


class Stepper(Controller):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._comm = None
        self.axis_settings.add("starts", int)
        self._hw_state = AxisState()
        self._hw_state.create_state("HOMED", "stands at the home switch")

    def initialize(self):
        self._comm = get_comm(self.config.config_dict, eol=b"\n", timeout=3)
        global_map.register(self, children_list=[self._comm])
        self.greeting = self.config.get("greeting", str, "none")

    def finalize(self):
        self._comm.close()

    def initialize_axis(self, axis):
        axis.channel = axis.config.get("channel", int)
        axis.label = axis.config.get("label", default="no label")
        axis.settings.set("starts", (axis.settings.get("starts") or 0) + 1)

    def initialize_encoder(self, encoder):
        encoder.channel = encoder.config.get("channel", int)

    def raw(self, command, channel, *values):
        line = " ".join([command, str(channel), *map(str, values)])
        log_debug(self, "sent %s", line)
        return self._comm.write_readline(line.encode() + b"\n").decode()

    def read_position(self, axis):
        return float(self.raw("POS?", axis.channel))

    def set_position(self, axis, new_position):
        self.raw("POS", axis.channel, new_position)
        return self.read_position(axis)

    def read_encoder(self, encoder):
        return float(self.raw("ENC?", encoder.channel))

    def read_velocity(self, axis):
        return axis.settings.get("velocity") * abs(axis.steps_per_unit)

    def set_velocity(self, axis, velocity):
        self.raw("VEL", axis.channel, velocity)
        return velocity

    def state(self, axis):
        said = self.raw("STATE?", axis.channel)
        state = self._hw_state.new()
        if said == "MOVING":
            state.set("MOVING")
        elif said == "OFF":
            state.set("OFF")
        else:
            state.set("READY")
        if said == "HOME":
            state.set("HOMED")
        return state

    def prepare_move(self, motion):
        assert abs(motion.delta - (motion.target_pos - self.read_position(motion.axis))) < 1

    def start_one(self, motion):
        self.raw("GO", motion.axis.channel, motion.target_pos)

    def start_all(self, *motion_list):
        for motion in motion_list:
            self.start_one(motion)

    def stop(self, axis):
        self.raw("STOP", axis.channel)

    def start_jog(self, axis, velocity, direction):
        self.raw("JOG", axis.channel, velocity * direction)

    def stop_jog(self, axis):
        self.stop(axis)

    def home_search(self, axis, switch):
        self.raw("HOME", axis.channel)

    def home_state(self, axis):
        return self.state(axis)

    def set_on(self, axis):
        self.raw("POWER", axis.channel, 1)

    def set_off(self, axis):
        self.raw("POWER", axis.channel, 0)

    @object_method(types_info=("None", "str"))
    def who(self, axis):
        """Say which channel it is."""
        return f"{axis.name} is channel {axis.channel}"

    @object_attribute_get(type_info="float")
    def get_current(self, axis):
        return getattr(axis, "_current", 0.0)

    @object_attribute_set(type_info="float")
    def set_current(self, axis, amperes):
        axis._current = amperes


class OldStepper(Stepper):
    """Its constructor takes what those of 2021 took."""

    def __init__(self, name, config, axes, encoders, shutters, switches):
        super().__init__(name, config, axes, encoders, shutters, switches)
        self.old = True
        self.host = config.get("host", default="nowhere")
