"""JSON in and out."""

from __future__ import annotations

import json

import msgspec
import pytest

from fullreserve.gateway import ids, wire
from fullreserve.gateway.errors import TABLE, Problem, sentence


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 50000),
        (b"{", 50002),
        (b"nonsense", 50002),
        (b"[]", 50002),
        (b'"text"', 50002),
        (b"null", 50002),
        (b"\xff\xfe", 50002),
        (b'{"a": NaN}', 50002),
        (b'{"a": Infinity}', 50002),
        (b'{"a":1}{"b":2}', 50002),
        (b'{"a":"\xff"}', 50002),
        (b'{"a":' + b"[" * 100_000, 50002),
        (b"[" * 100_000, 50002),
        (b'{"a":' * 50_000, 50002),
    ],
)
def test_a_body_that_is_no_object_is_refused(body: bytes, code: int) -> None:
    """Criterion: REST-IN-2"""
    with pytest.raises(Problem) as caught:
        wire.texts(body)
    assert caught.value.code == code


def test_scalars_keep_their_text() -> None:
    """Criterion: REST-IN-1, REST-IN-3"""
    body = b'{"s":"a\\u0062","n":1.2300,"big":1e400,"t":true,"f":false,"z":null,"l":[1],"e":[]}'
    assert wire.texts(body) == {
        "s": "ab",
        "n": "1.2300",
        "big": "1e400",
        "t": "true",
        "f": "false",
        "l": "[1]",
        "e": "[]",
    }


def test_rows_tell_none_some_or_all_failed() -> None:
    """Criterion: REST-2"""
    for failed, code, message in ((0, "0", ""), (1, "2", TABLE[2].message), (2, "1", None)):
        answer = json.loads(wire.rows([b"{}", b"{}"], failed, 5, 9))
        assert (answer["code"], answer["inTime"], answer["outTime"]) == (code, "5", "9")
        assert answer["msg"] == (TABLE[1].message if message is None else message)


def test_a_refusal_is_valid_json_whatever_it_quotes() -> None:
    """Criterion: REST-1"""
    answer = json.loads(wire.refusal(51001, 'Instrument "\n\\" does not exist'))
    assert answer == {"code": "51001", "msg": 'Instrument "\n\\" does not exist', "data": []}


def test_every_message_fills_its_blanks() -> None:
    """Criterion: REST-3"""
    for code in TABLE:
        for allowed in ("", "seven"):
            said = sentence(code, name="px", allowed=allowed)
            assert "{" not in said
            assert said.strip() == said


def test_ids_sort_as_text_and_come_back() -> None:
    """Criterion: REST-ORD-4"""
    numbers = [1, 9, 10, 99, 12_345_678_901]
    texts = [ids.text(number) for number in numbers]
    assert sorted(texts) == texts
    assert {len(text) for text in texts} == {19}
    assert [ids.number(text) for text in texts] == numbers
    assert ids.text(0) == ""
    for foreign in ("", "7", "x", "-1", "9" * 30, "１"):
        assert ids.number(foreign) == 0


def test_encoding_is_compact() -> None:
    """Criterion: REST-1"""
    assert wire.envelope([{"ts": "1"}]) == b'{"code":"0","msg":"","data":[{"ts":"1"}]}'
    assert msgspec.json.decode(wire.envelope([]))["data"] == []
