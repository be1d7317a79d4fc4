"""Processes that we start keep their memory in huge pages, where the system offers them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from core import hardware

ROOT = Path(__file__).parent.parent.parent
HUGE = (  # half a million small lists, and how many kB of this process lie in huge pages then
    "import re; kept = [[each] for each in range(500_000)]; "
    "print(sum(int(kb) for kb in re.findall(r'AnonHugePages: +([0-9]+)', open('/proc/self/smaps').read())))"
)


@pytest.mark.slow
def test_a_new_process_keeps_its_memory_in_huge_pages(monkeypatch):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    if not (environment := hardware.huge_pages()):
        pytest.skip("this system offers no huge pages")
    answer = subprocess.run([sys.executable, "-c", HUGE], env=environment, capture_output=True, text=True, check=True)
    assert int(answer.stdout) > 10_000


def test_tunables_that_are_set_stay_set(monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=0")
    if environment := hardware.huge_pages():
        assert environment["GLIBC_TUNABLES"] == "glibc.malloc.check=0:glibc.malloc.hugetlb=1"
        monkeypatch.setenv("GLIBC_TUNABLES", environment["GLIBC_TUNABLES"])  # Dask's nanny sets it for its own process
        assert hardware.huge_pages() == environment


def test_make_sets_the_same(monkeypatch):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    said = re.search(r"echo env (.*)\)", (ROOT / "Makefile").read_text(encoding="utf-8")).group(1)
    assert hardware.huge_pages() in ({}, dict(pair.split("=", 1) for pair in said.split()))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_of_open_files_is_raised_as_far_as_allowed():
    ask = (
        "import resource; from core import hardware; limit = resource.RLIMIT_NOFILE; "
        "resource.setrlimit(limit, (256, 4096)); first = hardware.raise_open_files(); "
        "print(first, *resource.getrlimit(limit), hardware.raise_open_files(1000))"
    )
    answer = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["4096", "4096", "4096", "4096"]


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_threads_there_are_and_those_they_start_let_others_go_first():
    script = """
import os, threading
from core import hardware
waiting = threading.Event()
started = threading.Thread(target=waiting.wait)
started.start()
hardware.yield_to_others()
print(os.getpriority(os.PRIO_PROCESS, started.native_id))
later = threading.Thread(target=lambda: print(os.getpriority(os.PRIO_PROCESS, 0)))
later.start(); later.join(); waiting.set()
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert [int(niceness) for niceness in said] == [hardware.NICE, hardware.NICE]
