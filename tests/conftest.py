"""Shared by all tests: unexpected errors of a method are raised, and no test opens a connection to another host."""

import gc
import os
import socket

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy: the tests share the cores among processes
    os.environ.setdefault(variable, "1")

import pytest  # noqa: E402
from xdist.scheduler import LoadGroupScheduling  # noqa: E402

from core import engine  # noqa: E402
from core.study import Study  # noqa: E402
from core.synthetic import planted  # noqa: E402

engine.strict = True
gc.disable()  # until the tests are collected: nearly all that is made until then stays


class ByFile(LoadGroupScheduling):
    """All tests of a file that name no group go to one worker: one message hands them out, and they share what they compute."""

    def _split_scope(self, nodeid):
        scope = super()._split_scope(nodeid)
        return scope if scope != nodeid else nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config, log):
    """Hand out groups and files."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items):
    """The longest tests first, so that no worker is left alone with them at the end."""
    items.sort(key=lambda item: item.path.name != "test_browser.py")


def pytest_collection_finish(session):
    """Thousands of collected tests live to the end: the garbage collector need not walk over them again and again."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    connect = socket.socket.connect

    def local_only(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture(scope="session")
def clean_study():
    """A study of the clean generated table, shared: nothing may change it."""
    return Study(planted("clean"))
