"""The sample district: an invented part of a city like Busan Eco Delta City, of any size, by a seed."""

from __future__ import annotations

from twin.synth.write import District, district_objects, make_district, make_ground

__all__ = ["District", "district_objects", "make_district", "make_ground"]
