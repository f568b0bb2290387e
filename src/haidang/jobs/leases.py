"""Whose lease it is, and whether that job is still alive.

A lease runs out by itself, but a warning should not wait for it where it is plain that its job was
killed: on the machine it ran on, its process is gone. Only Linux tells so surely; elsewhere, and
of a job on another machine or in another container, nothing is said and the lease runs out.
"""

from __future__ import annotations

import os
import platform
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

_PROC: Final = Path("/proc")
_GONE: Final = frozenset("ZXx")
"""States of a process that has ended and that nobody has buried yet (proc_pid_stat(5))."""


def worker() -> str:
    """A name for a job of this process: where it runs, which process, and a random part."""
    pid = os.getpid()
    return f"{_here()}:{pid}:{_born(pid) or '-'}:{uuid4().hex[:12]}"


def gone(name: str) -> bool:
    """Whether the job of this name has surely ended.

    Args:
        name: From ``worker``, of this machine or another.
    """
    here, _, rest = name.partition(":")
    pid, _, rest = rest.partition(":")
    born, _, _ = rest.partition(":")
    if not here or here != _here() or not pid.isdigit() or born in ("", "-"):
        return False
    # A number is given again: the same one born at another time is another process.
    return _born(int(pid)) != born


def _here() -> str:
    """This machine since it was started, and the numbering of processes that we see; "" unknown."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        space = (_PROC / "self/ns/pid").stat().st_ino
    except OSError:
        return ""
    return sha256(f"{platform.node()} {boot} {space}".encode()).hexdigest()[:12]


def _born(pid: int) -> str:
    """When a process began, in ticks since the start of the machine; "" where it has ended."""
    try:
        # The name stands in brackets and may hold blanks and brackets itself.
        said = (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if said[0] in _GONE else said[19]
