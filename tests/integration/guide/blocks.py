"""The blocks of a guide that are executed, and how each is run and compared.

A fenced block is executed when the line before it is `<!-- test -->`. In a `console` block each
line that begins with `$ ` is a command, and the lines up to the next command are what it must
print. A `python` block runs in the names that the guide's earlier ones left; a `text` block under
`<!-- output -->` behind it is what it must print. In what must be printed, `...` stands for any
text, also none.
"""

import contextlib
import io
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MARKED = re.compile(
    r"^<!-- (?P<mark>test|output) -->\n```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
COMMAND_SECONDS_MAX = 120


@dataclass(frozen=True)
class Step:
    """One thing that the guide says to do, and what must then be seen (None: anything)."""

    language: str
    line: int
    code: str
    output: str | None


class GuideError(AssertionError):
    """The guide says something that is not so."""


def read_steps(text: str) -> list[Step]:
    """Return the steps of a guide in their order.

    Raises:
        GuideError: for a mark that stands before nothing that can be run.

    """
    marks = len(re.findall(r"^<!-- (?:test|output) -->", text, re.MULTILINE))
    found = list(MARKED.finditer(text))
    if marks != len(found):
        raise GuideError(f"{marks - len(found)} marks stand before no fenced block")
    steps: list[Step] = []
    for block in found:
        line = text.count("\n", 0, block.start("code")) + 1
        match block["mark"], block["language"]:
            case "test", "console":
                steps += _commands(block["code"], line)
            case "test", "python":
                steps.append(Step("python", line, block["code"], None))
            case "output", "text" if steps and steps[-1].language == "python":
                last = steps.pop()
                steps.append(Step("python", last.line, last.code, block["code"]))
            case _:
                raise GuideError(f"line {line}: a {block['language']} block cannot be run")
    return steps


def _commands(code: str, line: int) -> Iterator[Step]:
    if not code.startswith("$ "):
        raise GuideError(f"line {line}: a console block begins with '$ '")
    for part in re.split(r"^(?=\$ )", code, flags=re.MULTILINE)[1:]:
        command, _, output = part.removeprefix("$ ").partition("\n")
        yield Step("console", line, command, output or None)
        line += part.count("\n")


def agrees(expected: str, printed: str) -> bool:
    """Tell whether what was printed is what the guide shows."""
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


@dataclass
class Reader:
    """Somebody who does what a guide says, in one folder, from the first step to the last.

    `instead` maps texts of the guide to those of the exchange under test: its addresses and folder.
    """

    folder: Path
    environment: Mapping[str, str]
    instead: Mapping[str, str]
    names: dict[str, object] = field(default_factory=dict)

    def follow(self, text: str) -> int:
        """Do every step of a guide and return their number; raise `GuideError` at the first lie."""
        for told, meant in self.instead.items():
            text = text.replace(told, meant)
        steps = read_steps(text)
        for step in steps:
            printed = self._run(step)
            if step.output is not None and not agrees(step.output, printed):
                raise GuideError(
                    f"line {step.line}: {step.code}\nprinted\n{printed}\nbut the guide shows\n"
                    f"{step.output}"
                )
        return len(steps)

    def _run(self, step: Step) -> str:
        return self._run_console(step) if step.language == "console" else self._run_python(step)

    def _run_console(self, step: Step) -> str:
        done = subprocess.run(
            ["bash", "-c", step.code],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS_MAX,
            check=False,
        )
        if done.returncode != 0:
            raise GuideError(
                f"line {step.line}: {step.code}\nended with {done.returncode}\n{done.stdout}"
            )
        return done.stdout

    def _run_python(self, step: Step) -> str:
        printed = io.StringIO()
        # Blank lines before the code make a traceback name the guide's own line.
        code = compile("\n" * (step.line - 1) + step.code, "guide", "exec")
        with contextlib.redirect_stdout(printed), contextlib.chdir(self.folder):
            exec(code, self.names)
        return printed.getvalue()
