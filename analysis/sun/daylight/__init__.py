"""Daylight rights: hours of sun and light of the sky on dwellings, before and after a planned building,
judged by a rule that is data; and the height that a building may have by its distance to the northern
boundary."""

from analysis.sun.daylight.dwellings import Dwelling, dwelling_targets
from analysis.sun.daylight.judge import Assessment, Daylight, assess
from analysis.sun.daylight.rules import Criterion, Rule, find_rule, rules

__all__ = [
    "Assessment",
    "Criterion",
    "Daylight",
    "Dwelling",
    "Rule",
    "assess",
    "dwelling_targets",
    "find_rule",
    "rules",
]
