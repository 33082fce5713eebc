"""Goal: the demo's signers have the keys of one ceremony, also where one was killed amid it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.custody import ceremony, keyfile
from fullreserve.custody.demo import ACCOUNTS, SCRIPTS
from fullreserve.custody.signing import LANE


class Killed(Exception):
    """The process is gone."""


@pytest.mark.parametrize("files", [1, 2])
def test_a_ceremony_that_was_killed_is_held_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    """Both signers of a lane hold the same key; what was made is kept. Criterion: CHAINS-DEMO-8."""
    sealed, made = keyfile.seal, list[Path]()

    def seal(path: Path, secrets: dict[str, bytes], passphrase: bytes) -> None:
        if len(made) == files:
            raise Killed
        made.append(path)
        sealed(path, secrets, passphrase)

    with monkeypatch.context() as killed:
        killed.setattr(keyfile, "seal", seal)
        with pytest.raises(Killed):
            ceremony.hold(tmp_path, ACCOUNTS, SCRIPTS, ())
    ceremony.hold(tmp_path, ACCOUNTS, SCRIPTS, ())
    one, two = (
        keyfile.unseal(ceremony.keys_file(tmp_path, name), ceremony.passphrase(tmp_path, name))
        for name in ceremony.SIGNERS[:2]
    )
    names = [f"{LANE}{number}" for number in range(ceremony.LANES)]
    assert [one[name] for name in names] == [two[name] for name in names]
    assert len(list(tmp_path.glob("*.unused-*"))) == files
