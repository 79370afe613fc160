"""A table on two legs."""

import math

from bliss.controllers.motor import CalcController


class Table(CalcController):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.distance = self.config.get("distance", float)

    def calc_from_real(self, positions_dict):
        front, back = positions_dict["front"], positions_dict["back"]
        return {"height": (front + back) / 2, "tilt": 1000 * math.atan((back - front) / self.distance)}

    def calc_to_real(self, positions_dict):
        half = math.tan(positions_dict["tilt"] / 1000) * self.distance / 2
        return {"front": positions_dict["height"] - half, "back": positions_dict["height"] + half}
