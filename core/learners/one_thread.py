"""Matrix products on one thread, so that a sum does not depend on how many cores a machine has."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager:
    """While it is entered, numpy's matrix products run on one thread; afterwards as before.

    The products of small networks gain nothing from more threads, and those of large batches would add up in another order.
    """
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
