"""A description of this machine by familiar names, read without TensorFlow.

A duration means nothing without its hardware, so `name()` is stored with every measurement.
"""

import contextlib
import functools
import os
import platform
import subprocess
from ctypes.util import find_library
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core import keras_defaults

MACOS_OPEN_FILES = 10_240  # OPEN_MAX in its <sys/syslimits.h>
PACKAGES = ("tensorflow", "jax", "openvino", "keras", "scipy", "numpy", "streamlit", "mlflow-skinny", "distributed")
SHARES = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "9p", "ceph", "fuse.sshfs", "fuse.glusterfs")
NICE = 10  # of workers: about a tenth of the processor against a process that wants it too


def describe() -> dict[str, Any]:
    """`cpu`, `cores` (usable by this process), `memory_gb`, `gpu` (or None), `os` and `python`."""
    import psutil

    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "gpu": _gpu()[0],
        "os": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def name() -> str:
    """The device that does the work, such as `NVIDIA H100 80GB HBM3` or `AMD EPYC 7B13, 2 cores`."""
    machine = describe()
    return machine["gpu"] or f"{machine['cpu']}, {machine['cores']} cores"


def device_memory() -> int:
    """Bytes of memory of the device that does the work."""
    import psutil

    return _gpu()[1] or psutil.virtual_memory().total


def share(path: Path) -> str:
    """The kind of network share that a path is on, such as `nfs4`; empty on a disk of this machine."""
    import psutil

    around = {str(folder) for folder in (path, *path.parents)}
    mounted = [disk for disk in psutil.disk_partitions(all=True) if disk.mountpoint in around]
    disk = max(mounted, key=lambda disk: len(disk.mountpoint), default=None)
    remote = disk and (disk.fstype in SHARES or "remote" in disk.opts.split(","))  # the latter on Windows
    return disk.fstype if disk and remote else ""


def huge_pages() -> dict[str, str]:
    """Environment variables with which a new Python process keeps its memory in pages of 2 MB; empty where none help.

    A process that has imported TensorFlow holds a million objects. On a virtual machine every access to another page
    of 4 kB needs its own lookup, and one pass of the garbage collector, which stops all threads, took 5 s instead of
    0.5. Linux gives huge pages on request; glibc (2.35) requests them for what `malloc` allocates, Python's own
    allocator does not. See `docs/benchmarks.md`.
    """
    try:
        offered = "[never]" not in Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text()
    except OSError:
        return {}
    if not offered or platform.libc_ver()[0] != "glibc":
        return {}
    tunables = (os.getenv("GLIBC_TUNABLES") or "").split(":")
    kept = [tunable for tunable in tunables if tunable and "hugetlb" not in tunable]
    return {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": ":".join([*kept, "glibc.malloc.hugetlb=1"])}


def raise_open_files(most: int = 65_536) -> int:
    """Raise this process's limit of open files as far as the system allows; returns the limit, 0 on Windows.

    A shell's default is 1,024 on Linux and 256 on macOS; each visitor of the dashboard needs several.
    """
    try:
        import resource
    except ImportError:
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    for wanted in (most, MACOS_OPEN_FILES):
        allowed = wanted if hard == unlimited else min(wanted, hard)
        if soft == unlimited or soft >= allowed:
            return most if soft == unlimited else soft
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        except (ValueError, OSError):  # macOS says its hard limit is infinite, and refuses more than OPEN_MAX
            continue
        return allowed
    return soft


@functools.cache
def yield_to_others() -> None:
    """Give other processes priority on the processor: pages must be quick, runs take minutes anyway.

    On Linux each thread has a priority of its own, which those that it starts inherit.
    """
    tasks = Path("/proc/self/task")
    for thread in [int(task.name) for task in tasks.iterdir()] if tasks.exists() else [0]:
        with contextlib.suppress(OSError, AttributeError):  # the thread has ended; Windows has no such call
            os.setpriority(os.PRIO_PROCESS, thread, NICE)


def versions() -> dict[str, str]:
    """Versions of the packages on which a result may depend."""
    installed = {}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


@functools.cache
def _cpu() -> str:
    if platform.system() == "Linux":
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return " ".join(line.split(":", 1)[1].split())
    if platform.system() == "Darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    return platform.processor() or platform.machine()


@functools.cache
def _gpu() -> tuple[str | None, int]:
    """The first CUDA device as the driver names it, and its bytes of memory; None where Keras could not use it."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    on_jax = keras_defaults.backend() == "jax"
    libraries = find_spec("jax_plugins") if on_jax else find_library("cudnn") or find_spec("nvidia")
    if hidden or not libraries:  # no CUDA build
        return None, 0
    devices = _output("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits").splitlines()
    if not devices:
        return None, 0
    name, _, mebibytes = devices[0].rpartition(",")
    return name.strip(), int(mebibytes) * 2**20 if mebibytes.strip().isdigit() else 0


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
