"""What printed scores of a two-class test say about the test rows, within the rounding of their digits."""

from __future__ import annotations

import numpy as np

Limits = tuple[float, float]
"""The smallest and the largest value that rounds to what was printed."""


def rounding_limits(text: str) -> Limits:
    """Read a printed share, such as "0.8834", "88.34" or "88.34 %", as the values that round to it.

    Parameters
    ----------
    text : str
        A number above 1, or with a per cent sign, is a percentage; a decimal comma is a point.

    Returns
    -------
    tuple of float
        Within 0 and 1.

    Raises
    ------
    ValueError
        The text is not a number, or no share rounds to it.

    Examples
    --------
    >>> rounding_limits("88.34 %"), rounding_limits("0.9")
    ((0.88335, 0.88345), (0.85, 0.95))
    """
    plain = text.strip().replace(",", ".")
    percent = plain.endswith("%")
    plain = plain.removesuffix("%").strip()
    value = float(plain)
    digits = len(plain.partition(".")[2])
    unit = 100.0 if percent or value > 1 else 1.0
    half = 0.5 * 10.0**-digits / unit
    low, high = value / unit - half, value / unit + half
    if not (np.isfinite(value) and high >= 0 and low <= 1):
        raise ValueError(f"{text!r} is not a share")
    return round(max(low, 0.0), 12), round(min(high, 1.0), 12)


def implied_by_accuracy(accuracy: Limits, sensitivity: Limits, specificity: Limits) -> Limits | None:
    """The prevalences π for which ``accuracy = π · sensitivity + (1 − π) · specificity`` can hold.

    Solved for π it is ``(accuracy − specificity) / (sensitivity − specificity)``; the limits come from the corners of what
    was printed.

    Returns
    -------
    tuple of float or None
        Within 0 and 1; all of 0 to 1 where sensitivity and specificity may be equal; None where no prevalence fits, because the
        accuracy lies outside of both.

    Examples
    --------
    >>> low, high = implied_by_accuracy((0.88335, 0.88345), (0.87555, 0.87565), (0.89125, 0.89135))
    >>> round(low, 3), round(high, 3)
    (0.497, 0.51)
    """
    if accuracy[0] > max(sensitivity[1], specificity[1]) or accuracy[1] < min(sensitivity[0], specificity[0]):
        return None
    if sensitivity[0] <= specificity[1] and specificity[0] <= sensitivity[1]:
        return 0.0, 1.0
    a, b, c = np.meshgrid(accuracy, sensitivity, specificity)
    return _within((a - c) / (b - c))


def implied_by_precision(precision: Limits, sensitivity: Limits, specificity: Limits) -> Limits:
    """The prevalences π for which ``precision = π · sensitivity / (π · sensitivity + (1 − π)(1 − specificity))`` can hold.

    Solved for π it is ``w / (w + sensitivity · (1 − precision))`` with ``w = precision · (1 − specificity)``.

    Returns
    -------
    tuple of float
        Within 0 and 1; all of 0 to 1 where the precision may be undefined.

    Examples
    --------
    >>> low, high = implied_by_precision((0.5, 0.5), (0.8, 0.8), (0.9, 0.9))
    >>> round(low, 3), round(high, 3)
    (0.111, 0.111)
    """
    p, s, c = np.meshgrid(precision, sensitivity, specificity)
    wrong, right = p * (1 - c), s * (1 - p)
    if (wrong + right <= 0).any():
        return 0.0, 1.0
    return _within(wrong / (wrong + right))


def _within(corners: np.ndarray) -> Limits:
    return max(float(corners.min()), 0.0), min(float(corners.max()), 1.0)
