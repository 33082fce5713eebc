"""How long functions are, in Python by its own parser and in Rust by counting braces."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What may hold a brace or the word `fn` without meaning it, in the order in which Rust reads it.
RUST_SKIPPED = re.compile(
    r"""
      //[^\n]*                              # line comment
    | /\*.*?\*/                             # block comment (the code has no nested ones)
    | b?r(?P<hashes>\#*)".*?"(?P=hashes)    # raw string
    | b?"(?:\\.|[^"\\])*"                   # string
    | b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\])' # character; a lifetime has no closing quote
    """,
    re.VERBOSE | re.DOTALL,
)
RUST_FUNCTION = re.compile(r"\bfn\s+(?P<name>\w+)")


@dataclass(frozen=True)
class Function:
    """A function and the lines it takes, its signature included."""

    name: str
    line: int
    length: int


def python_functions(source: str) -> Iterator[Function]:
    """Yield every function and method of a Python file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            end = node.end_lineno or node.lineno
            yield Function(node.name, node.lineno, end - node.lineno + 1)


def without_text(source: str) -> str:
    """Return Rust code with comments and literals blanked out, line breaks kept."""
    return RUST_SKIPPED.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), source)


def rust_functions(source: str) -> Iterator[Function]:
    """Yield every function of a Rust file that has a body."""
    code = without_text(source)
    for found in RUST_FUNCTION.finditer(code):
        opening = _body_start(code, found.end())
        if opening is not None:
            line = code.count("\n", 0, found.start()) + 1
            last = code.count("\n", 0, _matching_brace(code, opening)) + 1
            yield Function(found["name"], line, last - line + 1)


def _body_start(code: str, position: int) -> int | None:
    """Return where the body opens; None for a declaration that ends with a semicolon."""
    depth = 0
    for index in range(position, len(code)):
        character = code[index]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif depth == 0 and character == "{":
            return index
        elif depth == 0 and character == ";":
            return None
    return None


def _matching_brace(code: str, opening: int) -> int:
    depth = 0
    for index in range(opening, len(code)):
        depth += {"{": 1, "}": -1}.get(code[index], 0)
        if depth == 0:
            return index
    return len(code)


def functions(path: Path) -> list[Function]:
    """Return the functions of a Python or Rust file."""
    source = path.read_text(encoding="utf-8")
    return list(python_functions(source) if path.suffix == ".py" else rust_functions(source))
