"""Goal: a guide that lies is caught. Method: small guides, true and false."""

import os
from pathlib import Path

import pytest

from tests.integration.guide.blocks import GuideError, Reader, agrees, read_steps

TRUE = """
Look at the address:

<!-- test -->
```console
$ echo "listening on 127.0.0.1:8080"
listening on 127.0.0.1:8080
$ printf 'one\\ntwo\\n'
one
...
```

Not marked, so not run:

```console
$ exit 1
```

<!-- test -->
```python
side = "buy"
```

Names stay:

<!-- test -->
```python
print(side, 3)
```

<!-- output -->
```text
buy ...
```
"""


def reader(folder: Path) -> Reader:
    """Return somebody who reads with another address than the guide's."""
    return Reader(folder, dict(os.environ), {"127.0.0.1:8080": "127.0.0.1:9999"})


def test_a_true_guide_is_followed_to_its_end(tmp_path: Path) -> None:
    """Criterion: HOUSE-DOCS-1."""
    assert reader(tmp_path).follow(TRUE) == 4


@pytest.mark.parametrize(
    ("told", "instead", "complaint"),
    [
        ("one\n...", "two\n...", "but the guide shows"),
        ("buy ...", "sell ...", "but the guide shows"),
        ("$ printf", "$ exit 3; printf", "ended with 3"),
        ("print(side, 3)", "print(price)", "price"),
    ],
)
def test_a_false_guide_stops_at_the_lie(
    tmp_path: Path, told: str, instead: str, complaint: str
) -> None:
    """Criterion: HOUSE-DOCS-1."""
    with pytest.raises((GuideError, NameError), match=complaint):
        reader(tmp_path).follow(TRUE.replace(told, instead))


@pytest.mark.parametrize(
    "guide",
    [
        "<!-- test -->\n\n```console\n$ true\n```\n",
        "<!-- test -->\n```toml\na = 1\n```\n",
        "<!-- test -->\n```console\ntrue\n```\n",
        "<!-- output -->\n```text\nnothing before\n```\n",
        "<!-- test -->\n```python\nunclosed\n",
    ],
)
def test_a_mark_that_would_run_nothing_is_refused(guide: str) -> None:
    """A block that silently does not run would be worse than none."""
    with pytest.raises(GuideError):
        read_steps(guide)


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a ... c", "a b c", True),
        ("a ... c", "a b", False),
        ("ready in ... s", "ready in 3.2 s\n", True),
        ("a.c", "abc", False),
        ("", "", True),
    ],
)
def test_three_dots_stand_for_any_text(expected: str, printed: str, same: bool) -> None:
    assert agrees(expected, printed) is same
