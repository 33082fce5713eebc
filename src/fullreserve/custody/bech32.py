"""Segregated-witness addresses after BIP 173 and BIP 350.

https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki
https://github.com/bitcoin/bips/blob/master/bip-0350.mediawiki
"""

from __future__ import annotations

from collections.abc import Iterable

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32, _BECH32M = 1, 0x2BC830A3
_LONGEST = 90
_CHECK = 6
_VERSION_MAX = 16
_PROGRAM = range(2, 41)
_VERSION_0 = (20, 32)


class BadAddress(ValueError):
    """Not an address of this chain; the message says why."""


def encode(hrp: str, version: int, program: bytes) -> str:
    """The address of a witness program."""
    data = [version, *_regroup(program, 8, 5, pad=True)]
    return _text(hrp, data, _BECH32M if version else _BECH32)


def decode(hrp: str, text: str) -> tuple[int, bytes]:
    """Version and program; BadAddress."""
    data = _data(hrp, text)
    version = data[0]
    _check(hrp, data, _BECH32M if version else _BECH32)
    program = bytes(_regroup(data[1:-_CHECK], 5, 8, pad=False))
    if version > _VERSION_MAX or len(program) not in _PROGRAM:
        raise BadAddress("its version or length is not in use")
    if not version and len(program) not in _VERSION_0:
        raise BadAddress("its length is not in use")
    return version, program


def encode_bytes(hrp: str, content: bytes) -> str:
    """Bytes without a version, as chains of accounts write theirs in BIP 173's form."""
    return _text(hrp, list(_regroup(content, 8, 5, pad=True)), _BECH32)


def decode_bytes(hrp: str, text: str) -> bytes:
    """What `encode_bytes` wrote; BadAddress."""
    data = _data(hrp, text)
    _check(hrp, data, _BECH32)
    return bytes(_regroup(data[:-_CHECK], 5, 8, pad=False))


def _text(hrp: str, data: list[int], constant: int) -> str:
    check = _polymod([*_spread(hrp), *data, *[0] * _CHECK]) ^ constant
    data = data + [(check >> 5 * (_CHECK - 1 - place)) & 31 for place in range(_CHECK)]
    return hrp + "1" + "".join(_LETTERS[value] for value in data)


def _data(hrp: str, text: str) -> list[int]:
    """The values that letters stand for, with those of the checksum."""
    if not text.isascii():
        raise BadAddress("it holds letters that no address holds")
    lower = text.lower()
    if text not in (lower, text.upper()) or len(text) > _LONGEST:
        raise BadAddress("upper and lower case are mixed, or it is too long")
    name, separator, rest = lower.rpartition("1")
    if not separator or name != hrp:
        raise BadAddress(f"addresses of this chain begin with {hrp}1")
    data = [_LETTERS.find(letter) for letter in rest]
    if -1 in data or len(data) <= _CHECK:
        raise BadAddress("it holds letters that no address holds, or too few")
    return data


def _check(hrp: str, data: list[int], constant: int) -> None:
    if _polymod([*_spread(hrp), *data]) != constant:
        raise BadAddress("its checksum is wrong")


def script_of(version: int, program: bytes) -> bytes:
    """The output script of a witness program."""
    return bytes((version + 0x50 if version else 0, len(program))) + program


def _spread(hrp: str) -> list[int]:
    return [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate(_GENERATOR):
            if top >> place & 1:
                check ^= factor
    return check


def _regroup(data: Iterable[int], source: int, target: int, *, pad: bool) -> list[int]:
    held, bits, out = 0, 0, []
    for value in data:
        held, bits = held << source | value, bits + source
        while bits >= target:
            bits -= target
            out.append(held >> bits & ((1 << target) - 1))
    rest = held & ((1 << bits) - 1)
    if pad and bits:
        out.append(rest << target - bits & ((1 << target) - 1))
    elif not pad and (bits >= source or rest):
        raise BadAddress("its padding is wrong")
    return out
