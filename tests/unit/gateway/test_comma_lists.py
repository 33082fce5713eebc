"""Goal: a comma list is read as it is described, also where a body has a JSON list for it."""

from __future__ import annotations

import pytest

from fullreserve.gateway.rest.params import Ccys, Params, reader


class Some(Params):
    """A list."""

    ccy: Ccys = ()


@pytest.mark.parametrize("text", ["BTC,ETH", " BTC , ETH ", '["BTC","ETH"]', '[ "BTC", "ETH" ]'])
def test_both_forms_are_one_list(text: str) -> None:
    """Criterion: REST-DOC-1"""
    assert reader(Some)({"ccy": text}).ccy == ("BTC", "ETH")
