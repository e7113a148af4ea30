"""Names of units, as they stand under a header or behind a number."""

from __future__ import annotations

import re

UNIT = (
    "kg|g|mg|µg|μg|ug|ng|t|lbs?|oz|m|cm|mm|km|µm|um|nm|in|inch|inches|ft|yd|mi|miles|s|sec|secs|seconds|ms|µs|us|ns|min|mins|minutes|h|hrs?|"
    "hours|d|days?|weeks?|months?|years?|yrs?|a|°C|°F|°|C|F|K|degC|deg|rad|celsius|fahrenheit|%|‰|percent|ppm|ppb|mol|mmol|µmol|nmol|M|"
    "L|l|dl|dL|ml|mL|µl|µL|fl|fL|pg|U|IU|mIU|Hz|kHz|MHz|GHz|bpm|mmHg|Pa|kPa|hPa|MPa|bar|mbar|psi|atm|N|Nm|J|kJ|MJ|kcal|cal|W|kW|MW|"
    "kWh|V|mV|A|mA|ohm|Ω|dB|dBm|lux|lx|mph|rpm|kmh|kph|€|\\$|£|EUR|USD|GBP|CHF|JPY|count|counts|pcs|n|N|no|px|bytes?|[kMG]?B|ha|acres?"
)
POWER = "(?:\\^?-?[0-9²³])?"
ONE_UNIT = re.compile(rf"(?:1/)?(?:{UNIT}){POWER}(?: ?[/*·.×] ?(?:10\^?[0-9]+|[0-9.]+|{UNIT}){POWER})*")
BRACKETS = re.compile(r"\[[^\]\n]{0,24}\]|\([^)\n]{0,24}\)")


def is_unit(cell: str) -> bool:
    """Tell whether a cell names a unit, such as "kg", "[mm Hg]" or "mmol/l"."""
    cell = cell.strip()
    return bool(BRACKETS.fullmatch(cell) or ONE_UNIT.fullmatch(cell))
