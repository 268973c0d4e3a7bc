"""What the sensors of the sample district read in two recorded days, one of them with heavy rain.

Invented, but with the shapes that such readings have: the day's course, one shower that the streams answer
hours later, an evening of fine dust, a hydrant that leaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import numpy as np

from citygml.model import Float64

START = datetime(2026, 5, 18, tzinfo=timezone(timedelta(hours=9)))
"""Two days from here, by Korean time."""
STEP = 300  # [s]
STEPS = 2 * 86_400 // STEP
LEAKING = 3
"""Every hydrant whose number leaves this rest by 16 has low pressure on the second day."""
_HOURS: Float64 = np.arange(STEPS) * STEP / 3600.0
_SILTED = 0.026  # Manning's n of a drain with silt in it, twice that of its model [s/m^(1/3)]
_RUNNING_OFF = 0.75  # of the rain on what the model takes for impervious, a share
_BANK_FULL = 2.4  # [m] above the gauge's zero


@dataclass
class Weather:
    """What all stations share. rain [mm/h], temperature [°C], dust: PM2.5 away from streets [µg/m³]."""

    rng: np.random.Generator
    rain: Float64 = field(init=False)
    temperature: Float64 = field(init=False)
    dust: Float64 = field(init=False)
    level: Float64 = field(init=False)

    def __post_init__(self) -> None:
        shower = 62.0 * np.exp(-(((_HOURS - 39.5) / 0.9) ** 2)) + 9.0 * np.exp(
            -(((_HOURS - 37.0) / 1.5) ** 2)
        )
        self.rain = np.where(shower > 0.3, shower * self.rng.uniform(0.8, 1.2, STEPS), 0.0)
        warmth = 19.0 + 5.5 * np.sin((_HOURS - 9.0) / 24 * 2 * np.pi)
        self.temperature = warmth - 4.0 * (1 - np.exp(-np.cumsum(self.rain) / 150.0))
        self.dust = 18.0 + 70.0 * np.exp(-(((_HOURS - 20.0) / 2.5) ** 2)) + 4.0 * np.sin(_HOURS / 3.1)
        self.dust *= np.exp(-np.cumsum(self.rain) / 1500.0)
        self.level = _linear_reservoir(self.rain, hours=3.0) / 12.0


def _linear_reservoir(rain: Float64, hours: float) -> Float64:
    """Runoff [mm/h]: what fell runs off with a time constant."""
    keep = np.exp(-STEP / 3600.0 / hours)
    runoff = np.zeros(STEPS)
    for i in range(1, STEPS):
        runoff[i] = runoff[i - 1] * keep + rain[i] * (1 - keep)
    return runoff


Make = Callable[[Weather, np.random.Generator, float, int], Float64]


@dataclass(frozen=True)
class Quantity:
    """name, unit: as the file states them. digits: of the number written. every: of the steps."""

    name: str
    unit: str
    digits: int
    make: Make
    every: int = 1


def record(
    quantities: tuple[Quantity, ...], weather: Weather, rng: np.random.Generator, size: float, number: int
) -> Iterator[tuple[str, str, str, str]]:
    """(quantity, unit, time, value) of one station. size: how large what it measures is; number: which."""
    own = number * 37 % STEP  # devices do not report all at once
    times = [(START + timedelta(seconds=STEP * i + own)).isoformat() for i in range(STEPS)]
    for quantity in quantities:
        values = quantity.make(weather, rng, size, number)
        for i in range(0, STEPS, quantity.every):
            yield quantity.name, quantity.unit, times[i], f"{values[i]:.{quantity.digits}f}"


def _noise(rng: np.random.Generator, sigma: float) -> Float64:
    """Noise that remembers itself for about half an hour."""
    white = rng.normal(0.0, sigma, STEPS)
    kernel = np.exp(-np.arange(12) / 4.0)
    smooth: Float64 = np.convolve(white, kernel / np.sqrt((kernel**2).sum()), mode="same")
    return smooth


def _fine_dust(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    return np.maximum(weather.dust * size * (rng.uniform(0.97, 1.03) + _noise(rng, 0.03)), 1.0)


def _dust(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    return np.maximum(weather.dust * size * (rng.uniform(1.55, 1.65) + _noise(rng, 0.05)) + 8.0, 2.0)


def _ozone(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    sun = np.maximum(np.sin((_HOURS % 24 - 6.0) / 14.0 * np.pi), 0.0)
    ozone: Float64 = np.maximum(0.018 + 0.045 * sun + _noise(rng, 0.002), 0.001)
    return ozone


def _temperature(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    return weather.temperature + rng.normal(0.0, 0.4) + _noise(rng, 0.15)


def _humidity(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    wet = 30.0 * (1 - np.exp(-np.convolve(weather.rain, np.ones(36) / 36, mode="same") / 4.0))
    humidity: Float64 = 82.0 - 2.6 * (weather.temperature - 15.0) + wet + _noise(rng, 1.5)
    return humidity.clip(20.0, 100.0)


def _rain(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    return weather.rain * rng.uniform(0.9, 1.1)


def _wind(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    return np.maximum(
        2.2 + 1.5 * np.sin((_HOURS - 8) / 12 * np.pi) + weather.rain / 12 + _noise(rng, 0.6), 0.0
    )


def _level(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    tide = 0.12 * np.sin(_HOURS / 12.42 * 2 * np.pi)
    return np.minimum(0.62 + tide + weather.level * rng.uniform(0.9, 1.1), _BANK_FULL) + _noise(rng, 0.004)


def _water(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    return 17.5 + 0.25 * (weather.temperature - 19.0) + _noise(rng, 0.05)


def _pressure(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    use = np.maximum(np.sin((_HOURS % 24 - 5.0) / 18.0 * np.pi), 0.0)
    pressure: Float64 = rng.uniform(0.40, 0.46) - 0.06 * use + _noise(rng, 0.003)
    if number % 16 == LEAKING:
        pressure = np.where(_HOURS >= 24.0, pressure * 0.3, pressure)
    return pressure


def _pipe(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    return 14.0 + 0.1 * (weather.temperature - 19.0) + rng.normal(0.0, 0.2) + _noise(rng, 0.05)


def _electricity(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    """Energy of a quarter of an hour [kWh]."""
    hour = _HOURS % 24
    course = 0.5 + 0.4 * np.exp(-(((hour - 10) / 3) ** 2)) + 0.7 * np.exp(-(((hour - 20) / 2.5) ** 2))
    return np.maximum(size * course * 0.6 * (1 + _noise(rng, 0.06)), 0.02)


def _sound(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
    traffic: Float64 = np.maximum(np.sin((_HOURS % 24 - 5.0) / 18.0 * np.pi), 0.0)
    return 46.0 + 16.0 * np.sqrt(traffic) + 4.0 * np.tanh(weather.rain / 20.0) + _noise(rng, 1.2)


def drain(area: float, diameter: float, slope: float) -> tuple[Quantity, ...]:
    """The level over the bottom of a storm drain that takes the runoff of an impervious area [m²].

    Runoff through linear reservoirs, most of it fast, and a step of travel, then steady flow in a circular
    pipe (Manning); the pipe is rougher and the runoff less than the model of the network says.
    """
    full = 0.312 / _SILTED * diameter ** (8 / 3) * slope**0.5
    angle = np.linspace(1e-3, 5.27, 500)  # of the wetted arc; fullest flow is at 0.938 of the diameter
    share = ((angle - np.sin(angle)) / (2 * np.pi)) ** (5 / 3) / (angle / (2 * np.pi)) ** (2 / 3)
    depth = diameter * (1 - np.cos(angle / 2)) / 2

    def level(weather: Weather, rng: np.random.Generator, size: float, number: int) -> Float64:
        fast = _linear_reservoir(_linear_reservoir(weather.rain, hours=0.25), hours=0.2)
        runoff = 0.8 * fast + 0.2 * _linear_reservoir(weather.rain, hours=1.5)
        flow = 0.0005 + _RUNNING_OFF * area * np.roll(runoff, 1) / 3.6e6
        level: Float64 = np.interp(flow / full, share, depth) + _noise(rng, 0.003)
        return np.maximum(level, 0.0)

    return (Quantity("우수관 수위", "m", 3, level),)


AIR = (
    Quantity("PM2.5", "µg/m³", 1, _fine_dust),
    Quantity("PM10", "µg/m³", 1, _dust),
    Quantity("O3", "ppm", 3, _ozone),
)
WEATHER = (
    Quantity("기온", "°C", 1, _temperature),
    Quantity("습도", "%", 0, _humidity),
    Quantity("강우강도", "mm/h", 1, _rain),
    Quantity("풍속", "m/s", 1, _wind),
)
GAUGE = (Quantity("수위", "m", 3, _level), Quantity("수온", "°C", 1, _water))
HYDRANT = (Quantity("수압", "MPa", 3, _pressure), Quantity("수온", "°C", 1, _pipe))
METER = (Quantity("전력량", "kWh", 2, _electricity, every=3),)
NOISE = (Quantity("소음도", "dB(A)", 1, _sound),)
