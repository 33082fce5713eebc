"""Goal: settings are right or the start stops with a sentence that names what is wrong."""

from dataclasses import FrozenInstanceError
from decimal import Decimal
from pathlib import Path

import pytest

from fullreserve.config import Address, SettingError, Settings, declared, environment_name, show


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work where there is no settings file."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_defaults_are_the_documented_ones() -> None:
    """Criterion: HOUSE-CONFIG-1."""
    settings = Settings.load({})
    assert str(settings.http) == "127.0.0.1:8080"
    assert str(settings.ws) == "127.0.0.1:8081"
    assert settings.data == Path("data")
    assert settings.journal.durability
    assert settings.gateway.limits


@pytest.mark.parametrize("to", ["http://127.0.0.1:25/a", "https://mailer.example", "console"])
def test_messages_go_to_a_mailer(to: str) -> None:
    """Criterion: ID-MAIL-4."""
    assert Settings.load({"FULLRESERVE_IDENTITY_MESSAGES": to}).identity.messages == to


@pytest.mark.parametrize(
    "to", ["http://mailer.example/", "https://me:secret@mailer.example/", "smtp", "https:///"]
)
def test_what_is_no_mailer_is_refused_and_not_repeated(to: str) -> None:
    """Criterion: ID-MAIL-4. In the clear to no other machine, and no secret in a URL."""
    with pytest.raises(SettingError, match="https, or http on this machine") as refused:
        Settings.load({"FULLRESERVE_IDENTITY_MESSAGES": to})
    assert to not in str(refused.value)


def test_environment_goes_over_file_over_default(empty_folder: Path) -> None:
    """Criterion: HOUSE-CONFIG-1."""
    (empty_folder / "fullreserve.toml").write_text(
        'http = "0.0.0.0:1"\nws = "0.0.0.0:2"\n[demo]\nseed = 7\nspeed = 2.5\n'
    )
    settings = Settings.load({"FULLRESERVE_WS": "[::1]:3", "HOME": "/root"})
    assert settings.http == Address("0.0.0.0", 1)
    assert settings.ws == Address("::1", 3)
    assert settings.demo.seed == 7
    assert settings.demo.speed == Decimal("2.5")
    assert settings.journal == Settings().journal


def test_the_file_can_be_named(empty_folder: Path) -> None:
    """Criterion: HOUSE-CONFIG-1."""
    (empty_folder / "other.toml").write_text("[journal]\ndurability = false\n")
    assert not Settings.load({"FULLRESERVE_CONFIG": "other.toml"}).journal.durability


def test_settings_do_not_change_after_the_start() -> None:
    """Criterion: HOUSE-CONFIG-1."""
    settings = Settings.load({})
    with pytest.raises(FrozenInstanceError):
        settings.data = Path("elsewhere")  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("FULLRESERVE_HTTP", "8080"),
        ("FULLRESERVE_HTTP", "127.0.0.1:"),
        ("FULLRESERVE_HTTP", "127.0.0.1:65536"),
        ("FULLRESERVE_HTTP", "127.0.0.1:-1"),
        ("FULLRESERVE_HTTP", "127.0.0.1:8O8O"),
        ("FULLRESERVE_HTTP", "127.0.0.1:٨"),
        ("FULLRESERVE_HTTP", "::1:8080"),
        ("FULLRESERVE_WS", ""),
        ("FULLRESERVE_DATA", ""),
        ("FULLRESERVE_LOG_LEVEL", "loud"),
        ("FULLRESERVE_LOG_FORMAT", "JSON"),
        ("FULLRESERVE_JOURNAL_SEGMENT_ROWS", "0"),
        ("FULLRESERVE_JOURNAL_SEGMENT_ROWS", "1e5"),
        ("FULLRESERVE_JOURNAL_SNAPSHOT_EVERY", "99"),
        ("FULLRESERVE_JOURNAL_PENDING_MAX", "-1"),
        ("FULLRESERVE_JOURNAL_FORWARD_JUMP_MAX_MS", "soon"),
        ("FULLRESERVE_JOURNAL_DURABILITY", "maybe"),
        ("FULLRESERVE_GATEWAY_LIMITS", "1"),
        ("FULLRESERVE_DEMO_SPEED", "0"),
        ("FULLRESERVE_DEMO_SPEED", "NaN"),
        ("FULLRESERVE_DEMO_SPEED", "1e400"),
        ("FULLRESERVE_DEMO_SPEED", "fast"),
        ("FULLRESERVE_DEMO_SEED", str(2**63)),
        ("FULLRESERVE_CUSTODY_SIGNERS", "9_200"),
        ("FULLRESERVE_CUSTODY_SIGNERS", "10.0.0.2:"),
        ("FULLRESERVE_CUSTODY_SIGNERS", "70000"),
    ],
)
def test_a_wrong_value_is_refused_by_name_with_what_is_allowed(name: str, text: str) -> None:
    """Criterion: HOUSE-CONFIG-2."""
    with pytest.raises(SettingError) as refused:
        Settings.load({name: text})
    sentence = str(refused.value)
    assert sentence.startswith(f"{name} is {text!r}; allowed is ")
    assert sentence.endswith(".")


def test_signers_ask_on_this_machine_alone_unless_told_otherwise() -> None:
    """Criterion: HOUSE-CONFIG-1."""
    told = {"": "", "9200": "127.0.0.1:9200", "10.0.0.2:9200": "10.0.0.2:9200"}
    for text, where in told.items():
        assert Settings.load({"FULLRESERVE_CUSTODY_SIGNERS": text}).custody.signers == where


def test_a_database_password_is_refused_and_not_repeated() -> None:
    """Criterion: HOUSE-CONFIG-2."""
    with pytest.raises(SettingError, match="PGPASSFILE") as refusal:
        Settings.load({"FULLRESERVE_RECORDS": "postgresql://me:hush@db/records"})
    assert "hush" not in str(refusal.value)


def test_an_unknown_name_is_refused_with_the_nearest_known() -> None:
    """Criterion: HOUSE-CONFIG-2."""
    with pytest.raises(SettingError, match=r"HTPT is not .* Did you mean FULLRESERVE_HTTP\?"):
        Settings.load({"FULLRESERVE_HTPT": "127.0.0.1:8080"})
    with pytest.raises(SettingError, match="FULLRESERVE_ZZZ is not a setting"):
        Settings.load({"FULLRESERVE_ZZZ": "1"})


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[journal]\nsegment_row = 5\n", "journal.segment_row in fullreserve.toml is not"),
        ("[journal]\nsegment_rows = 1.5\n", "journal.segment_rows in fullreserve.toml is '1.5'"),
        ("[journal]\nsegment_rows = [5]\n", "journal.segment_rows in fullreserve.toml is"),
        ("journal = 5\n", "journal in fullreserve.toml is not a setting"),
        ("[http]\nport = 1\n", "http.port in fullreserve.toml is not a setting"),
        ("http = \n", "fullreserve.toml cannot be read"),
        ("http = '\udcff'\n", "fullreserve.toml cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_by_name(empty_folder: Path, content: str, named: str) -> None:
    """Criterion: HOUSE-CONFIG-2."""
    path = empty_folder / "fullreserve.toml"
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(SettingError) as refused:
        Settings.load({})
    assert named in str(refused.value)


def test_a_named_file_that_is_missing_is_refused() -> None:
    """Criterion: HOUSE-CONFIG-2."""
    with pytest.raises(SettingError, match=r"gone\.toml cannot be read"):
        Settings.load({"FULLRESERVE_CONFIG": "gone.toml"})


def test_what_is_shown_reads_back_as_the_same_settings(empty_folder: Path) -> None:
    """Criterion: HOUSE-CONFIG-3."""
    settings = Settings.load(
        {
            "FULLRESERVE_DATA": 'a "quoted" \\ folder',
            "FULLRESERVE_WS": "[::]:0",
            "FULLRESERVE_DEMO_SPEED": "0.1",
            "FULLRESERVE_JOURNAL_DURABILITY": "off",
        }
    )
    shown = show(settings)
    (empty_folder / "fullreserve.toml").write_text(shown)
    assert Settings.load({}) == settings
    assert all(environment_name(path) in shown for path, _ in declared())


@pytest.mark.parametrize("ws", ["127.0.0.1:81", "0.0.0.0:81", "[::]:81"])
def test_two_servers_at_one_address_are_refused(ws: str) -> None:
    """Criterion: HOUSE-CONFIG-2."""
    with pytest.raises(SettingError, match=r"FULLRESERVE_HTTP.* is 127.0.0.1:81 .*FULLRESERVE_WS"):
        Settings.load({"FULLRESERVE_HTTP": "127.0.0.1:81", "FULLRESERVE_WS": ws})


@pytest.mark.parametrize(("http", "ws"), [("a:81", "b:81"), ("a:81", "a:82"), ("a:0", "a:0")])
def test_two_servers_at_two_addresses_are_taken(http: str, ws: str) -> None:
    """Criterion: HOUSE-CONFIG-2."""
    settings = Settings.load({"FULLRESERVE_HTTP": http, "FULLRESERVE_WS": ws})
    assert (str(settings.http), str(settings.ws)) == (http, ws)
