from dataclasses import dataclass

from edgeguard.fleet.pages.fleet_table import steadied


@dataclass
class Row:
    id: int
    battery: float


def test_rows_that_somebody_points_at_stay_in_place_and_say_what_is_new():
    shown = [Row(1, 0.5), Row(2, 0.5), Row(3, 0.5)]
    found = [Row(9, 0.1), Row(3, 0.4), Row(1, 0.3)]
    assert steadied(found, shown) == [Row(1, 0.3), Row(2, 0.5), Row(3, 0.4)]
