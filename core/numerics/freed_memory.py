"""Arrays of the size of a batch, used and dropped many times over: keep their memory at hand."""

from __future__ import annotations

import numpy as np

LARGEST = 31 * 2**20
"""Bytes; the C library of Linux takes no larger block as a sign."""


def keep_freed() -> None:
    """Let the C library keep the memory of dropped arrays for the next ones, where it is glibc; elsewhere nothing happens.

    It hands blocks above a threshold back to the system, which clears each page anew when it is next asked for: with some twenty arrays of 200 kB in
    use at once that takes longer than computing them. When a larger block is dropped the threshold rises to its size. One is asked for
    here and dropped untouched, which costs no memory; afterwards up to twice its size may be kept.
    """
    np.empty(LARGEST, np.uint8)
