"""What Spring's config server and ours tell of the documents in a folder, side by side.

    PYTHONPATH=. .venv/bin/python -m tests.support.spring.compare FOLDER --name order --profiles dev,test [--label x]

FOLDER has files as Spring's native backend reads them: `application.yml`, `order.yml`, `order-dev.properties`. Written
is, by aspect, one answer where both are the same, and `spring` and `ours` where not. Ends with 1 when any differs.
`--bind deadline=duration` also binds a value to a type (see `Resolved.java`); lists are bound unasked.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from tests.support.absent import Absent
from tests.support.spring.answers import FAILURES, differences
from tests.support.spring.comparing import our_answers, spring
from tests.support.spring.documents import read
from tests.support.spring.shop import ConfigQuery


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--profiles", default="")
    parser.add_argument("--label")
    parser.add_argument("--bind", action="append", default=[], metavar="NAME=TYPE")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    bind = dict(pair.split("=", 1) for pair in options.bind)
    query = ConfigQuery(options.name, options.profiles, options.label, bind)
    try:
        return asyncio.run(_compare(options.folder, query))
    except Absent as absent:
        sys.exit(f"compare: {absent}")


async def _compare(folder: Path, query: ConfigQuery) -> int:
    documents = read(folder)
    with spring() as theirs:
        told = await theirs.answers(documents, query)
        mine = await our_answers(documents, query, theirs.client)
    unlike = differences(told, mine)
    for aspect, answer in told.items():
        same = aspect not in unlike and answer not in FAILURES
        shown = answer if same else {"spring": answer, "ours": mine[aspect]}
        print(f"== {aspect}{': DIFFERENT' if aspect in unlike else ''}")  # noqa: T201
        print(json.dumps(shown, indent=2, ensure_ascii=False, default=str))  # noqa: T201
    return 1 if unlike else 0


if __name__ == "__main__":
    sys.exit(main())
