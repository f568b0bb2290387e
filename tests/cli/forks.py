"""Not a test: runs the command in children of a process that has everything loaded already.

A command is a process of its own, and most of a short one's time is imports. This program imports
all of ``haidang`` but its command once, and then forks for every line it reads, so that a hundred
commands cost the imports of one. Each child sets its own environment, folder and streams before
``haidang.cli``, which alone looks at them, is imported. The words of all languages and the kernels
are ready too: a toy's replay is played once, in a folder that is thrown away.

Line in: ``{"arguments": [...], "env": {...}, "cwd": "...", "out": "file", "err": "file"}``.
Line out: the exit code, negative for a signal.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

import haidang

ROOT: Final = Path(haidang.__file__).parent
LEFT_OUT: Final = (
    "haidang.cli", "haidang.threats", "haidang.countries", "haidang.edge.store.migrations",
)  # fmt: skip


def warm() -> None:
    """Play the toy's storm, as a command would, and leave nothing of it but what is loaded."""
    before = dict(os.environ)
    os.environ["HAIDANG_PACKS"] = str(Path(__file__).parents[1] / "toy")
    from haidang.api import replay
    from haidang.words import catalogue

    catalogue()
    with tempfile.TemporaryDirectory() as folder:
        replay("toy-2030", out=Path(folder))
    os.environ.clear()
    os.environ.update(before)


def serve() -> list[str]:
    """Fork for every line; returns only in a child, with the arguments to run."""
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(wanted)
            return list(wanted["arguments"])
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    raise SystemExit


def _become(wanted: dict[str, object]) -> None:
    os.environ.clear()
    os.environ.update(wanted["env"])  # type: ignore[call-overload]
    os.chdir(str(wanted["cwd"]))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(str(wanted[name]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.close(nothing)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)


if __name__ == "__main__":
    # Not by pkgutil: walking a package imports it, and the command must not be imported here.
    for file in sorted(ROOT.rglob("*.py")):
        name = ".".join(("haidang", *file.relative_to(ROOT).with_suffix("").parts))
        if not name.startswith(LEFT_OUT):
            importlib.import_module(name.removesuffix(".__init__"))
    warm()
    gc.collect()
    gc.freeze()  # else each child's first collection looks at, and so copies, all of this
    sys.argv = ["haidang", *serve()]
    from haidang.cli import main

    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    # What a process does at its end is done, but for taking apart a heap that is not its own.
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
