"""Every CAP file under a folder against the schema that OASIS published: a count, and what fails.

Run from the project's folder::

    .venv/bin/python tests/jobs/cap_valid.py out ../shared/data/cap/schema/CAP-v1.2.xsd
"""

from __future__ import annotations

import sys
from pathlib import Path

from lxml import etree

SCHEMA = Path("data/cap/schema/CAP-v1.2.xsd")
"""Where the schema lies in the folder of reference results."""


def looked_at(folder: Path, schema: Path) -> dict[Path, str]:
    """What is wrong with each XML file under the folder; "" where nothing is."""
    law = etree.XMLSchema(etree.parse(str(schema)))
    found = {}
    for path in sorted(folder.rglob("*.xml")):
        try:
            law.assertValid(etree.parse(str(path)))
            found[path] = ""
        except (etree.DocumentInvalid, etree.XMLSyntaxError) as err:
            found[path] = str(err)
    return found


def main(folder: Path, schema: Path) -> int:
    """Print what fails and how many there are; 1 if any fails or there is none."""
    found = looked_at(folder, schema)
    wrong = {path: why for path, why in found.items() if why}
    for path, why in wrong.items():
        print(f"{path}: {why}")
    print(f"{len(found)} CAP files, {len(wrong)} not valid by {schema.name}")
    return 0 if found and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
