"""The hours of zones: eight zones side by side, each element's nodes eliminated from the outside in.

All figures of a group of eight zones lie in one row of numbers, as fields of eight: first the zones' own,
then those of each opaque element, then of each window; a zone with fewer elements has some of area 0. The
loops over `LANES` become vector instructions. In an interval each element gives

    T5 = (rest + h_c T_air + h_r T_radiant) / (h_c + h_r + part)

where rest and part are what its other nodes leave. That makes two equations of a zone, exact for any heating
or cooling: nothing is iterated.

A loop over lanes is compiled to vector instructions where all that it writes and reads lies at fixed
distances from one place. So an element has copies of what it needs of its zone (air, mean, lit, below), made
in loops of their own, and is written together with the element before it, whose sums it carries on.
"""

from __future__ import annotations

from typing import Any

from analysis.cube_root import inverse_cube_root
from analysis.energy.detailed.compiled import inlined, kernel
from analysis.energy.detailed.layout import (
    BYPASS,
    CLIMATE,
    GROUND,
    LANES,
    OPAQUE,
    SIZE,
    WINDOW,
    ZONE,
    ZONE_SIZE,
)

KELVIN = 273.15
_LEAST = 1e-3
"""[K] Between a surface and the air; with less the air would not move at all."""


@inlined
def _place(s: Any) -> Any:
    """Where the fields of the s-th element begin; it follows an empty one."""
    return ZONE_SIZE + SIZE + s * SIZE


@inlined
def _at_angle(c: Any, a1: Any, a2: Any, a3: Any, a4: Any, a5: Any, a6: Any) -> Any:
    """A polynomial of powers of the cosine of incidence."""
    return c * (a1 + c * (a2 + c * (a3 + c * (a4 + c * (a5 + c * a6)))))


@kernel
def sun(b: Any, opaque: Any, windows: Any, skyline: Any, near: Any, climate: Any, sunlit: Any) -> None:
    """Light on the elements, and what the windows let in and take up."""
    o, w = OPAQUE, WINDOW
    east, north, up = climate[CLIMATE.east], climate[CLIMATE.north], climate[CLIMATE.up]
    isotropic, band, ground = climate[CLIMATE.isotropic], climate[CLIMATE.band], climate[CLIMATE.ground]
    direct, height, share = climate[CLIMATE.direct], climate[CLIMATE.elevation], climate[CLIMATE.share]
    for s in range(opaque + windows):
        e = b[_place(s) :]
        before, after = skyline[s, near[2]], skyline[s, near[3]]
        for k in range(LANES):
            e[o.beam + k] = direct if height > before[k] + share * (after[k] - before[k]) else 0.0
        for k in range(LANES):
            c = max(0.0, e[o.east + k] * east + e[o.north + k] * north + e[o.up + k] * up)
            e[o.cosine + k] = c
            e[o.beam + k] = e[o.beam + k] * c
            e[o.even + k] = e[o.sky + k] * isotropic + e[o.band + k] * band + e[o.ground + k] * ground
    for s in range(opaque, opaque + windows):
        e = b[_place(s) :]
        if len(sunlit) > 1:
            for k in range(LANES):
                e[w.beam + k] *= sunlit[int(e[w.shade + k])]
    for s in range(opaque, opaque + windows):
        d = b[_place(s - 1) :]
        for k in range(LANES):
            e = SIZE + k
            c, blind, above = d[w.cosine + e], d[w.blind + e], d[w.blind_above + e]
            shut = blind if d[w.beam + e] + d[w.even + e] > above else 1.0
            beam, even = d[w.beam + e] * shut * d[w.open + e], d[w.even + e] * shut * d[w.open + e]
            b1, b2, b3, b4 = d[w.b1 + e], d[w.b2 + e], d[w.b3 + e], d[w.b4 + e]
            o1, o2, o3, o4 = d[w.o1 + e], d[w.o2 + e], d[w.o3 + e], d[w.o4 + e]
            i1, i2, i3, i4 = d[w.i1 + e], d[w.i2 + e], d[w.i3 + e], d[w.i4 + e]
            through = _at_angle(c, b1, b2, b3, b4, d[w.b5 + e], d[w.b6 + e])
            outer = _at_angle(c, o1, o2, o3, o4, d[w.o5 + e], d[w.o6 + e])
            inner = _at_angle(c, i1, i2, i3, i4, d[w.i5 + e], d[w.i6 + e])
            d[w.outer + e] = beam * outer + even * d[w.o_even + e]
            d[w.inner + e] = beam * inner + even * d[w.i_even + e]
            d[w.let_in + e] = d[w.let_in + k] + d[w.area + e] * (beam * through + even * d[w.b_even + e])
    last = b[_place(opaque + windows - 1) :]
    for s in range(opaque + windows):
        e = b[_place(s) :]
        for k in range(LANES):
            e[o.lit + k] = last[o.let_in + k]


@kernel
def dark(b: Any, opaque: Any, windows: Any) -> None:
    """No light."""
    for s in range(opaque + windows):
        e = b[_place(s) :]
        for k in range(LANES):
            e[OPAQUE.lit + k] = 0.0
            e[OPAQUE.beam + k] = 0.0
            e[OPAQUE.even + k] = 0.0
    for s in range(opaque, opaque + windows):
        e = b[_place(s) :]
        for k in range(LANES):
            e[WINDOW.outer + k] = 0.0
            e[WINDOW.inner + k] = 0.0


@inlined
def _long_wave(to: Any, surface: Any, other: Any) -> Any:
    """Coefficient of radiation between a surface and something else [W/(m²K)]; temperatures in °C."""
    own, far = surface + KELVIN, other + KELVIN
    return to * (own * own + far * far) * (own + far)


@kernel
def elements(b: Any, opaque: Any, windows: Any, climate: Any, month: Any) -> None:
    """Eliminate the nodes of all elements up to the inner surface."""
    o, w = OPAQUE, WINDOW
    outside, heaven = climate[CLIMATE.air], climate[CLIMATE.sky]
    rough, smooth = climate[CLIMATE.rough], climate[CLIMATE.smooth]
    soil = b[GROUND + month * LANES :]
    for s in range(opaque):
        e = b[_place(s) :]
        for k in range(LANES):
            e[o.below + k] = soil[k]
        for k in range(LANES):
            sky = _long_wave(e[o.to_sky + k], e[o.t1 + k], heaven)
            air = _long_wave(e[o.to_air + k], e[o.t1 + k], outside) + e[o.wind + k] * rough
            ground = e[o.soil + k]
            h = sky + air + ground
            light = e[o.absorbed + k] * (e[o.beam + k] + e[o.even + k])
            out = sky * heaven + air * outside + ground * e[o.below + k] + light
            e[o.h_out + k] = h
            e[o.from_out + k] = out
            k1, k2, k3, k4 = e[o.k12 + k], e[o.k23 + k], e[o.k34 + k], e[o.k45 + k]
            i1 = 1.0 / (e[o.c1 + k] + h + k1)
            r1 = (e[o.c1 + k] * e[o.t1 + k] + out) * i1
            w1 = k1 * i1
            i2 = 1.0 / (e[o.c2 + k] + k1 * (1.0 - w1) + k2)
            r2 = (e[o.c2 + k] * e[o.t2 + k] + k1 * r1) * i2
            w2 = k2 * i2
            i3 = 1.0 / (e[o.c3 + k] + k2 * (1.0 - w2) + k3)
            r3 = (e[o.c3 + k] * e[o.t3 + k] + k2 * r2) * i3
            w3 = k3 * i3
            i4 = 1.0 / (e[o.c4 + k] + k3 * (1.0 - w3) + k4)
            r4 = (e[o.c4 + k] * e[o.t4 + k] + k3 * r3) * i4
            w4 = k4 * i4
            e[o.t1 + k], e[o.t2 + k], e[o.t3 + k], e[o.t4 + k] = r1, r2, r3, r4
            e[o.w1 + k], e[o.w2 + k], e[o.w3 + k], e[o.w4 + k] = w1, w2, w3, w4
            e[o.rest + k] = e[o.c5 + k] * e[o.t5 + k] + k4 * r4
            e[o.part + k] = e[o.c5 + k] + k4 * (1.0 - w4)
    for s in range(opaque, opaque + windows):
        e = b[_place(s) :]
        for k in range(LANES):
            sky = _long_wave(e[w.to_sky + k], e[w.t1 + k], heaven)
            air = _long_wave(e[w.to_air + k], e[w.t1 + k], outside) + smooth
            h, glass = sky + air, e[w.glass + k]
            out = sky * heaven + air * outside + e[w.outer + k]
            e[w.h_out + k] = h
            e[w.from_out + k] = out
            i1 = 1.0 / (h + glass)
            e[w.t1 + k] = out * i1
            e[w.w1 + k] = glass * i1
            e[w.rest + k] = glass * out * i1 + e[w.inner + k]
            e[w.part + k] = glass * (1.0 - glass * i1)


@kernel
def equations(b: Any, opaque: Any, windows: Any) -> None:
    """What all elements add to the two equations of their zone."""
    z, o = ZONE, OPAQUE
    for s in range(opaque + windows):
        d = b[_place(s - 1) :]
        for k in range(LANES):
            e = SIZE + k
            radiant, area = d[o.radiant + e], d[o.area + e]
            difference = d[o.t5 + e] - d[o.air + e]
            size = max(abs(difference), _LEAST)
            root = inverse_cube_root(size)
            warmer, colder = d[o.warmer + e], d[o.colder + e]
            h = (warmer if difference > 0.0 else colder) * size * root * root
            rest = d[o.rest + e] + d[o.lit + e] * d[o.of_light + e]
            inverse = 1.0 / (d[o.part + e] + h + radiant)
            d[o.h_in + e] = h
            d[o.rest + e] = rest
            d[o.part + e] = inverse
            d[o.cc + e] = d[o.cc + k] + area * h * (1.0 - h * inverse)
            d[o.cr + e] = d[o.cr + k] + area * h * radiant * inverse
            d[o.rr + e] = d[o.rr + k] + area * radiant * (1.0 - radiant * inverse)
            d[o.cb + e] = d[o.cb + k] + area * h * inverse * rest
            d[o.rb + e] = d[o.rb + k] + area * radiant * inverse * rest
    last = b[_place(opaque + windows - 1) :]
    for k in range(LANES):
        b[z.cc + k] = last[o.cc + k]
        b[z.cr + k] = last[o.cr + k]
        b[z.rr + k] = last[o.rr + k]
        b[z.cb + k] = last[o.cb + k]
        b[z.rb + k] = last[o.rb + k]


@inlined
def _cooled(air: Any, high: Any, most: Any, lost: Any) -> Any:
    """Air that cooling brings to a set point as far as its power allows. lost: of the zone [W/K]."""
    return max(min(air, high), air - most / lost)


@kernel
def solve(b: Any, out: Any) -> None:
    """Air and radiant temperature, with as much fresh air as serves, heating and cooling. out: of the air
    outside [°C]."""
    z = ZONE
    for k in range(LANES):
        gain, rays = b[z.gain + k], b[z.gains_radiant + k]
        share = b[z.cr + k] / b[z.rr + k]
        a = b[z.mass + k] + b[z.cc + k] - b[z.cr + k] * share
        bare = b[z.mass + k] * b[z.air + k] + b[z.cb + k] + gain * (1.0 - rays)
        bare += share * (b[z.rb + k] + gain * rays)
        low, high = b[z.low + k], b[z.high + k]
        fresh, recovery = b[z.fresh + k], b[z.recovery + k]
        coldest = b[z.cooling_most + k]
        least = b[z.infiltration + k] + fresh * (1.0 - recovery)
        still = (bare + least * out) / (a + least)
        # heat recovery is bypassed as far as the zone is too warm, or too cold, and the air outside helps
        wanted = min(high, max(BYPASS, low)) if still > out else low
        helps = (still > wanted and wanted > out) or (still < wanted and wanted < out)
        part = min(max((bare - a * wanted) / (wanted - out) - least, 0.0), fresh * recovery)
        bypass = part if helps else 0.0
        if _cooled(still, high, coldest, a + least) > out and out >= wanted:
            bypass = fresh * recovery
        least += bypass
        still = (bare + least * out) / (a + least)
        floor = max(b[z.night_above + k], low)
        helps = still > floor and _cooled(still, high, coldest, a + least) > out
        most = b[z.night_flow + k]
        night = most if helps else 0.0
        if helps and floor > out:
            night = min(max((bare - a * floor) / (floor - out) - least, 0.0), most)
        flow = least + night
        inverse = 1.0 / (a + flow)
        still = (bare + flow * out) * inverse
        warms = (1.0 - b[z.heating_radiant + k] * (1.0 - share)) * inverse
        heating = min(max((low - still) / warms, 0.0), b[z.heating_most + k])
        cooling = min(max((still - high) / inverse, 0.0), coldest)
        now = still + heating * warms - cooling * inverse
        rays_in = gain * rays + heating * b[z.heating_radiant + k]
        b[z.air + k] = now
        b[z.radiant + k] = (b[z.rb + k] + b[z.cr + k] * now + rays_in) / b[z.rr + k]
        b[z.flow + k] = flow
        b[z.heating + k] = heating
        b[z.cooling + k] = cooling


@kernel
def back(b: Any, opaque: Any, windows: Any, outside: Any) -> None:
    """All nodes from the inside out, and what does not add up: of each zone the share of its heat flows."""
    z, o, w = ZONE, OPAQUE, WINDOW
    for s in range(opaque + windows):
        e = b[_place(s) :]
        for k in range(LANES):
            e[o.air + k] = b[z.air + k]
            e[o.mean + k] = b[z.radiant + k]
    for s in range(opaque):
        d = b[_place(s - 1) :]
        for k in range(LANES):
            e = SIZE + k
            given = d[o.h_in + e] * d[o.air + e] + d[o.radiant + e] * d[o.mean + e]
            t5 = (d[o.rest + e] + given) * d[o.part + e]
            t4 = d[o.t4 + e] + d[o.w4 + e] * t5
            t3 = d[o.t3 + e] + d[o.w3 + e] * t4
            t2 = d[o.t2 + e] + d[o.w2 + e] * t3
            t1 = d[o.t1 + e] + d[o.w1 + e] * t2
            held = d[o.c1 + e] * t1 + d[o.c2 + e] * t2 + d[o.c3 + e] * t3 + d[o.c4 + e] * t4
            held += d[o.c5 + e] * t5
            into = d[o.from_out + e] - d[o.h_out + e] * t1 + d[o.lit + e] * d[o.of_light + e]
            d[o.t1 + e], d[o.t2 + e], d[o.t3 + e], d[o.t4 + e], d[o.t5 + e] = t1, t2, t3, t4, t5
            d[o.held + e] = d[o.held + k] + d[o.area + e] * held
            d[o.into + e] = d[o.into + k] + d[o.area + e] * into
    for s in range(opaque, opaque + windows):
        d = b[_place(s - 1) :]
        for k in range(LANES):
            e = SIZE + k
            given = d[w.h_in + e] * d[w.air + e] + d[w.radiant + e] * d[w.mean + e]
            t5 = (d[w.rest + e] + given) * d[w.part + e]
            t1 = d[w.t1 + e] + d[w.w1 + e] * t5
            into = d[w.from_out + e] - d[w.h_out + e] * t1 + d[w.inner + e]
            into += d[w.lit + e] * d[w.of_light + e]
            d[w.t1 + e], d[w.t5 + e] = t1, t5
            d[w.held + e] = d[w.held + k]
            d[w.into + e] = d[w.into + k] + d[w.area + e] * into
    last = b[_place(opaque + windows - 1) :]
    for k in range(LANES):
        b[z.into + k] = last[o.into + k]
        b[z.now + k] = b[z.mass + k] * b[z.air + k] + last[o.held + k]
    for k in range(LANES):
        gains = b[z.gain + k] + b[z.heating + k] - b[z.cooling + k]
        air = b[z.flow + k] * (outside - b[z.air + k])
        kept = b[z.now + k] - b[z.stored + k]
        given = b[z.gain + k] + b[z.heating + k] + b[z.cooling + k]
        flows = abs(b[z.into + k]) + abs(air) + abs(kept) + given
        b[z.error + k] = abs(kept - b[z.into + k] - gains - air) / max(flows, 1.0)
        b[z.stored + k] = b[z.now + k]
