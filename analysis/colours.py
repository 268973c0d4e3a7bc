"""Fields as pictures: a colour ramp for values, and transparency for what is unsure.

batlow: F. Crameri (2018), Scientific colour maps, doi:10.5281/zenodo.1243862, its ten-class version.
viridis: N. Smith and S. van der Walt (2015), for matplotlib, at ten even steps.
solar: K. Thyng et al. (2016), True colors of oceanography, doi:10.5670/oceanog.2016.66 (cmocean), ten steps.
vik: F. Crameri (2018) as above, eleven even steps around a middle that means "no change".
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
UInt8 = npt.NDArray[np.uint8]
Ramp = Literal["batlow", "viridis", "solar", "vik"]

STOPS: dict[str, tuple[str, ...]] = {
    "batlow": (
        *("011959", "103f60", "1c5a62", "3c6d56", "687b3e"),
        *("9d892b", "d29343", "f8a17b", "fdb7bc", "faccfa"),
    ),
    "viridis": (
        *("440154", "482878", "3e4a89", "31688e", "26828e"),
        *("1f9e89", "35b779", "6ece58", "b5de2b", "fde725"),
    ),
    "solar": (
        *("331418", "571f23", "7a2924", "973b1c", "ad5515"),
        *("be7313", "cb921a", "d6b327", "ddd738", "e1fd4b"),
    ),
    "vik": (
        *("001261", "023a7a", "116496", "5697b8", "a7c9da", "ece5e1"),
        *("e1b8a0", "cd8860", "b75a26", "862306", "590008"),
    ),
}
_OPAQUE, _FAINT = 230.0, 0.15


def ramp(name: Ramp) -> UInt8:
    """(256, 3) sRGB, linear between the stops."""
    stops = np.array([list(bytes.fromhex(stop)) for stop in STOPS[name]], np.float64)
    at = np.linspace(0, len(stops) - 1, 256)
    columns = [np.interp(at, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.round(np.stack(columns, axis=1)).astype(np.uint8)


def picture(
    values: Float64,
    low: float,
    high: float,
    deviations: Float64 | None = None,
    most: float = 0.0,
    name: Ramp = "batlow",
) -> UInt8:
    """(rows, columns, 4) sRGB and opacity of (rows, columns) values coloured from low to high; NaN is clear.

    deviations: (rows, columns); what is less sure is fainter, down to 15 % at the greatest, `most`.
    """
    known = np.isfinite(values)
    share = np.clip((np.where(known, values, low) - low) / ((high - low) or 1.0), 0, 1)
    colours = ramp(name)[np.round(share * 255).astype(np.uint8)]
    opacity = np.full(values.shape, _OPAQUE)
    if deviations is not None and most > 0:
        opacity *= 1 - (1 - _FAINT) * np.clip(np.nan_to_num(deviations / most, nan=1.0), 0, 1)
    opacity[~known] = 0
    return np.concatenate([colours, np.round(opacity).astype(np.uint8)[..., None]], axis=-1)
