"""Goal: no part of a fold replaces what another part of it does. Method: read the classes of each.

A fold is put together from classes by idea, which say `self` for all of it. Two methods of one name
in two of them are no error of Python's or mypy's: the first in line is what both are then told.
"""

from __future__ import annotations

from typing import Any

import pytest

from fullreserve.exchange.folds import Fold
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.products.undoing import UndoingFold

# What every fold is of, to be replaced.
SHARED = ("builtins", "abc", "typing", Fold.__module__, UndoingFold.__module__)
# Those that call the one that they replace.
EXTENDED = {("Deposits", "_index")}


@pytest.mark.parametrize("fold", products(), ids=lambda one: type(one).__name__)
def test_each_method_of_a_fold_is_defined_once(fold: Fold[Any]) -> None:
    """Criterion: HOUSE-STYLE-6."""
    kind = type(fold)
    parts = [each for each in kind.__mro__ if each.__module__ not in SHARED]
    names = [name for each in parts for name, kept in vars(each).items() if callable(kept)]
    twice = {(kind.__name__, one) for one in names if one[:2] != "__" and names.count(one) > 1}
    assert twice <= EXTENDED
