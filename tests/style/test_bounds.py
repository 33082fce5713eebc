"""Goal: every file and function can be read in one go. Method: count lines and columns."""

from pathlib import Path

import pytest

from scripts.lengths import functions, python_functions, rust_functions
from scripts.source import lines, name, with_suffix

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
COLUMNS_MAX = 100

# A verifier that users save, read and run is one file; a table that a script writes is not read.
ONE_FILE = {"verifier/verify.py", "web/src/api/endpoints.ts"}

CODE = (".py", ".pyi", ".rs", ".ts", ".tsx")


def test_no_function_is_longer_than_the_bound() -> None:
    """Criterion: HOUSE-STYLE-4."""
    long = [
        f"{name(path)}:{function.line} {function.name}: {function.length} lines"
        for path in with_suffix(".py", ".rs")
        for function in functions(path)
        if function.length > FUNCTION_LINES_MAX
    ]
    assert not long


def test_no_file_is_longer_than_the_bound() -> None:
    """Criterion: HOUSE-STYLE-4."""
    sizes = {name(path): len(lines(path)) for path in with_suffix(*CODE)}
    long = {path: size for path, size in sizes.items() if size > FILE_LINES_MAX}
    assert long.keys() <= ONE_FILE


def test_no_line_of_code_is_wider_than_the_bound() -> None:
    """Criterion: HOUSE-STYLE-4."""
    wide = [
        f"{name(path)}:{number}"
        for path in with_suffix(*CODE)
        for number, line in enumerate(lines(path), 1)
        if len(line) > COLUMNS_MAX
    ]
    assert not wide


def fenced(text: list[str]) -> list[int]:
    """Return the numbers of the lines inside fenced blocks."""
    inside, numbers = False, []
    for number, line in enumerate(text, 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif inside:
            numbers.append(number)
    return numbers


def test_no_line_of_code_in_the_documents_is_wider_than_the_bound() -> None:
    """Criterion: HOUSE-STYLE-4."""
    wide = []
    for path in with_suffix(".md"):
        text = lines(path)
        wide += [f"{name(path)}:{n}" for n in fenced(text) if len(text[n - 1]) > COLUMNS_MAX]
    assert not wide


RUST_TRAPS = """
trait Priced { fn price(&self) -> [u8; 4]; }
impl Priced for Order {
    fn price<'a>(&'a self) -> [u8; 4] {
        let brace = '{'; let text = "} fn hidden() {"; // fn commented() {
        let raw = r#"{"{ "#;
        /* { fn blocked() { */
        if true { return [0; 4]; }
        [1; 4]
    }
}
"""


def test_rust_functions_are_measured_past_braces_that_are_none() -> None:
    """A scanner that stumbled over text would make the bound above mean nothing."""
    assert [(f.name, f.line, f.length) for f in rust_functions(RUST_TRAPS)] == [("price", 4, 7)]


@pytest.mark.parametrize("body", ["    pass\n" * 70, "    '''text\n\n'''\n"])
def test_python_functions_are_measured_with_their_signature(body: str, tmp_path: Path) -> None:
    path = tmp_path / "measured.py"
    path.write_text(f"async def measured():\n{body}")
    assert [f.length for f in functions(path)] == [1 + body.count("\n")]
    assert functions(path) == list(python_functions(path.read_text()))
