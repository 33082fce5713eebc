"""The verifier of the pages in a process of Node, which tells what of it each input reached."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts import verifier_page

RUNNER = Path(__file__).with_name("run_fuzzing.mjs")
Arc = tuple[str, int, int]


class PagesVerifier:
    """One process for many inputs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def judge(self, files: list[Any]) -> tuple[str, set[Arc]]:
        """Its sentence, "" where everything holds, and the parts of its code that ran."""
        to, back = self._process.stdin, self._process.stdout
        assert to
        assert back
        to.write(json.dumps([json.dumps(one) for one in files]) + "\n")
        to.flush()
        said, parts = json.loads(back.readline())
        split = (one.rsplit(" ", 2) for one in parts)
        return said, {(name, int(start), int(end)) for name, start, end in split}


@contextmanager
def pages_verifier(source: Path = verifier_page.SOURCE) -> Iterator[PagesVerifier]:
    """Runs as long as it is used; `source` is a file `verifier.js`."""
    node = shutil.which("node")
    assert node, "Node is needed to build the web app, and to test its verifier"
    with subprocess.Popen(
        [node, str(RUNNER), str(source)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield PagesVerifier(process)
        finally:
            assert process.stdin
            process.stdin.close()
