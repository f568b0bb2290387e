"""The command ``haidang``."""

from __future__ import annotations

import sys

from haidang.base.errors import HaidangError
from haidang.cli.app import build
from haidang.cli.show import language


def main() -> None:
    """Run the command; what is wrong is said in the user's language, without a traceback."""
    try:
        build()()
    except HaidangError as err:
        for problem in err.problems:
            print(problem.say(language()), file=sys.stderr)
        sys.exit(2)
