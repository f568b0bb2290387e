"""The command as people run it: a process of its own, with its own words and exit code."""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

TOY: Final = Path(__file__).parents[1] / "toy"
LIMIT_S: Final = 600
"""A guard: the first command of a process waits for everything to be imported and warm."""


def haidang(
    *arguments: object, lang: str = "en", toy: bool = False, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal; lines are as long as they want to be."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HAIDANG", "LC_", "LANG"))}
    env |= {"HAIDANG_LANG": lang, "COLUMNS": "240", "PYTHONIOENCODING": "utf-8", **more}
    if toy:
        env["HAIDANG_PACKS"] = str(TOY)
    given = [str(a) for a in arguments]
    return _forked(given, env) if hasattr(os, "fork") else _started(given, env)


def _started(arguments: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from haidang.cli import main; main()", *arguments],
        env=env, capture_output=True, text=True, encoding="utf-8", check=False, timeout=LIMIT_S,
    )  # fmt: skip


def _forked(arguments: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as folder:
        said = {name: os.path.join(folder, name) for name in ("out", "err")}
        wanted = {"arguments": arguments, "env": env, "cwd": os.getcwd(), **said}
        server.stdin.write(json.dumps(wanted) + "\n")
        server.stdin.flush()
        if not select.select([server.stdout], [], [], LIMIT_S)[0]:
            server.kill()
            _server.cache_clear()
            raise subprocess.TimeoutExpired(arguments, LIMIT_S)
        code = int(server.stdout.readline())
        out, err = (Path(p).read_text("utf-8") for p in said.values())
    return subprocess.CompletedProcess(arguments, code, out, err)


@cache
def _server() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("forks.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    atexit.register(server.kill)
    return server
