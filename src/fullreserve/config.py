"""The settings: one typed, frozen object, read once at the start.

A setting comes from the environment (`FULLRESERVE_JOURNAL_SEGMENT_ROWS`), else from a TOML file
(`[journal]` `segment_rows`), else from its default here. The file is the one that
`FULLRESERVE_CONFIG` names, else `fullreserve.toml` in the working directory when there is one.
Anything wrong or unknown stops the start with a sentence that names it.

No setting is read by the fold: what the exchange decides depends on its log alone.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeAlias, TypeVar, cast
from urllib.parse import urlsplit

T = TypeVar("T")

PREFIX = "FULLRESERVE_"
CONFIG_FILE = Path("fullreserve.toml")
# Names with the prefix that are no settings: where the file is, and the long tests' switch.
RESERVED = frozenset({"FULLRESERVE_CONFIG", "FULLRESERVE_LONG"})

PORT_MAX = 65535
SPEED_MAX = 10_000
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
# A port taken at one of these is taken at every address.
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


class SettingError(ValueError):
    """A setting that is wrong or unknown; the message names it and says what is allowed."""


class Address(NamedTuple):
    """Where a server listens. Port 0 lets the system choose a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host:port`, with an IPv6 host in brackets; raise `ValueError` otherwise."""
        host, colon, port = text.rpartition(":")
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        plain = bare == host and ":" in bare
        if not (colon and bare and port.isascii() and port.isdigit()) or plain:
            raise ValueError(text)
        if int(port) > PORT_MAX:
            raise ValueError(text)
        return cls(bare, int(port))


def _overlap(one: Address, other: Address) -> bool:
    """Whether two addresses of one port cannot both be listened on."""
    return one.host == other.host or not EVERYWHERE.isdisjoint({one.host, other.host})


@dataclass(frozen=True, slots=True)
class Kind:
    """How a setting's text is read, and what is allowed in words."""

    parse: Callable[[str], object]
    allowed: str
    quoted: bool = True  # whether a wrong value may be repeated: not where it may hold a secret


def whole(least: int, most: int) -> Kind:
    """Return the kind of a whole number between two bounds, both included."""

    def parse(text: str) -> int:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and least <= int(text) <= most):
            raise ValueError(text)
        return int(text)

    return Kind(parse, f"a whole number from {least} to {most}")


def choice(*words: str) -> Kind:
    """Return the kind of a word out of a few."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return Kind(parse, f"one of {', '.join(words)}")


def _parse_switch(text: str) -> bool:
    return {"on": True, "true": True, "off": False, "false": False}[text]


def _parse_speed(text: str) -> Decimal:
    speed = Decimal(text)
    if not (speed.is_finite() and 0 < speed <= SPEED_MAX):
        raise ValueError(text)
    return speed


def _parse_folder(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError(text)
    return Path(text)


def _parse_file(text: str) -> str:
    if "\0" in text:
        raise ValueError(text)
    return text


def _parse_database(text: str) -> str:
    if text and not text.startswith(("postgresql://", "sqlite:///")):
        raise ValueError(text)
    # Settings are printed on request: they hold no secrets.
    if urlsplit(text).password is not None:
        raise ValueError(text)
    return text


def _parse_listening(text: str) -> str:
    """Empty, or `host:port` of what was said: of a port alone on this machine's own."""
    if not text:
        return ""
    return str(Address.parse(text if ":" in text else f"127.0.0.1:{text}"))


ADDRESS = Kind(Address.parse, "host:port, for example 127.0.0.1:8080")
FOLDER = Kind(_parse_folder, "the path of a folder")
PEM = Kind(_parse_file, "the path of a PEM file, or empty")
TOML = Kind(_parse_file, "the path of a TOML file, or empty")
DATABASE = Kind(
    _parse_database,
    "postgresql://user@host/name with the password in PGPASSFILE, or empty",
    quoted=False,
)
SWITCH = Kind(_parse_switch, "on or off")
LISTENING = Kind(_parse_listening, "empty, a port on 127.0.0.1, or host:port")
SPEED = Kind(_parse_speed, f"a number above 0 and at most {SPEED_MAX}")


def setting(default: T, kind: Kind, meaning: str) -> T:
    """Declare a setting: its default, the texts it takes and one sentence on what it does."""
    return field(default=default, metadata={"kind": kind, "meaning": meaning})


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged, and how it looks."""

    level: str = setting(
        "info", choice("debug", "info", "warning", "error"), "The least level that is written."
    )
    format: str = setting(
        "auto",
        choice("auto", "json", "console"),
        "How lines look; auto is console on a terminal, else json.",
    )


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """The log of commands on disk and what waits for it."""

    # More rows make fewer, larger segments: better compression, slower to archive and to verify.
    segment_rows: int = setting(
        100_000, whole(16, 100_000_000), "Rows of a segment before it is sealed."
    )
    # Fewer commands between snapshots start faster after a crash and write more.
    snapshot_every: int = setting(
        500_000, whole(100, 1_000_000_000), "Commands between two snapshots."
    )
    # A higher bound rides out longer disk stalls, at the price of memory and of reply time.
    pending_max: int = setting(
        20_000, whole(1, 10_000_000), "Commands that may wait for the disk before refusals."
    )
    forward_jump_max_ms: int = setting(
        60_000,
        whole(1_000, 86_400_000),
        "A larger forward jump of the clock halts intake until an operator confirms.",
    )
    durability: bool = setting(
        True,
        SWITCH,
        "off acknowledges before the disk has it: a crash loses orders. For tests alone.",
    )


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Encryption of both ports: with a certificate, REST is HTTPS and WebSocket WSS."""

    certificate: str = setting(
        "", PEM, "The certificate with its chain; empty serves without TLS. Read again on renewal."
    )
    key: str = setting("", PEM, "The certificate's private key, without a password.")

    def __post_init__(self) -> None:
        if bool(self.certificate) != bool(self.key):
            raise SettingError("tls.certificate and tls.key are set together, or neither is.")

    @property
    def enabled(self) -> bool:
        """Whether the ports are encrypted."""
        return bool(self.certificate)


def _origin(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        bare = f"{parts.scheme}://{parts.netloc}"
        if text and (parts.scheme not in schemes or not parts.hostname or text != bare):
            raise ValueError(text)
        return text

    return parse


ORIGIN = Kind(
    _origin("http", "https"), "empty, or a web address without a path: https://exchange.example"
)
WS_ORIGIN = Kind(
    _origin("ws", "wss"), "empty, or a WebSocket address without a path: wss://ws.exchange.example"
)


def _messages(text: str) -> str:
    parts = urlsplit(text)
    is_local = parts.scheme == "http" and parts.hostname in LOCAL
    is_url = bool(parts.hostname) and (parts.scheme == "https" or is_local)
    if text not in ("wait", "console") and (not is_url or parts.username or parts.fragment):
        raise ValueError(text)
    return text


MESSAGES = Kind(
    _messages, "wait, console, or your mailer's URL: https, or http on this machine", quoted=False
)


def _rate(text: str) -> str:
    if text and (not re.fullmatch(r"\d{1,9}(\.\d{1,8})?", text) or not float(text)):
        raise ValueError(text)
    return text


RATE = Kind(_rate, "empty, or a plain number more than 0: 7.1")


def _networks(text: str) -> str:
    for one in text.split(",") if text else ():
        ip_network(one.strip())
    return text


NETWORKS = Kind(_networks, "empty, or addresses and networks by comma: 127.0.0.1, 10.0.0.0/8, ::1")


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What clients meet."""

    limits: bool = setting(True, SWITCH, "Rate limits by user, key and address.")
    strict: bool = setting(
        False,
        SWITCH,
        "on serves each WebSocket channel and operation on its own path alone, as OKX does.",
    )
    ws_origin: str = setting(
        "", WS_ORIGIN, "Where browsers reach the WebSocket; empty is the page's host, port of `ws`."
    )
    # A proxy that passes on what its caller claims lets everybody be anybody: it has to append.
    trusted_proxies: str = setting(
        "", NETWORKS, "Proxies whose X-Forwarded-For says where a caller is; empty: nobody's does."
    )
    notice_s: int = setting(
        60, whole(0, 3_600), "Seconds from the notice 64008 to connections to a planned stop."
    )
    usd_cny: str = setting(
        "", RATE, "What `market/exchange-rate` says a dollar is worth in CNY; empty is unknown."
    )


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """People: where their browsers come, and how messages reach them."""

    # Passkeys are bound to it: after a change they open nothing any more.
    origin: str = setting(
        "", ORIGIN, "Where browsers reach the web app; empty is localhost at the port of `http`."
    )
    messages: str = setting(
        "wait",
        MESSAGES,
        "Codes and alerts: console prints them, a URL is your mailer's, wait keeps them.",
    )
    # Who gets hold of an operator's session could add a passkey and approve with it.
    approval_wait_h: int = setting(
        24,
        whole(0, 720),
        "Hours until an operator's new passkey approves, and without one after the last has gone.",
    )
    # For an exchange that knows its users before they sign up.
    opening_kyc: int = setting(
        0,
        whole(0, 255),
        "Level of identity of an account that opens; users from 1 on may be paid by others.",
    )


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """The demo market."""

    speed: Decimal = setting(Decimal(1), SPEED, "How much faster than real time the market runs.")
    seed: int = setting(1, whole(0, 2**63 - 1), "The seed of every random choice of the market.")


def _symbols(text: str) -> str:
    for one in text.split(",") if text else ():
        if not re.fullmatch(r"[A-Z0-9]{1,20}", one.strip()):
            raise ValueError(one)
    return text


SYMBOLS = Kind(_symbols, "empty, or symbols of assets by comma: ABC, XYZ")


@dataclass(frozen=True, slots=True)
class ReservesSettings:
    """Statements of what is owed and what is there."""

    statements: bool = setting(
        True, SWITCH, "Whether a process beside the exchange makes statements of reserves."
    )
    # A statement is the newest for this long: shorter is fresher, and more files.
    epoch_s: int = setting(30, whole(1, 86_400), "Seconds between two statements of reserves.")
    # Somebody else's address could be shown for a day; what was there in the first day counts.
    wait_h: int = setting(
        72, whole(0, 8_760), "Hours for which a wallet's address is published before it counts."
    )
    # Whoever can make a token has as much of it as they want: it is told apart.
    own_tokens: str = setting(
        "FRT", SYMBOLS, "Tokens that the exchange itself issues: they cover nothing but themselves."
    )


@dataclass(frozen=True, slots=True)
class CustodySettings:
    """What stops withdrawals by itself, and where signers elsewhere ask."""

    # A run of honest users is stopped too: who wants none of that says 0.
    hourly_share: int = setting(
        50,
        whole(0, 99),
        "Percent of an asset's coins that may leave in an hour before it is suspended; 0 is any.",
    )
    price_age_h: int = setting(
        24,
        whole(0, 8_760),
        "Hours without a new price of an asset until its withdrawals are suspended; 0 is never.",
    )
    signers: str = setting(
        "",
        LISTENING,
        "Where signers on other machines ask, by a ceremony's certificates; empty is nowhere.",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, with the defaults."""

    http: Address = setting(Address("127.0.0.1", 8080), ADDRESS, "Where REST listens.")
    ws: Address = setting(Address("127.0.0.1", 8081), ADDRESS, "Where WebSocket listens.")
    data: Path = setting(Path("data"), FOLDER, "The folder of the journal and all other stores.")
    records: str = setting(
        "", DATABASE, "The database of the records; empty is SQLite in the data folder."
    )
    quorums: str = setting(
        "",
        TOML,
        "Who must agree, for each key and duty; a quorum that hangs on one stops the start.",
    )
    # Below saturation only: Linux takes 5 % of a second from who uses all of it (sched(7)).
    realtime: bool = setting(
        False,
        SWITCH,
        "on lets orders go before all other programs of the machine; root or CAP_SYS_NICE.",
    )
    log: LogSettings = field(default_factory=LogSettings)
    journal: JournalSettings = field(default_factory=JournalSettings)
    tls: TlsSettings = field(default_factory=TlsSettings)
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    identity: IdentitySettings = field(default_factory=IdentitySettings)
    demo: DemoSettings = field(default_factory=DemoSettings)
    reserves: ReservesSettings = field(default_factory=ReservesSettings)
    custody: CustodySettings = field(default_factory=CustodySettings)

    def __post_init__(self) -> None:
        if self.http.port and self.http.port == self.ws.port and _overlap(self.http, self.ws):
            raise SettingError(
                f"http (FULLRESERVE_HTTP) is {self.http} and ws (FULLRESERVE_WS) is {self.ws}; "
                "allowed are two addresses of which each can be listened on, with different ports."
            )

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings.

        Raises:
            SettingError: for a setting that is wrong or unknown, or a file that cannot be read.

        """
        return _build(cls, _from_file(environment) | _from_environment(environment), ())


@dataclass(frozen=True, slots=True)
class Given:
    """A value somebody gave, and the name of the place where they gave it."""

    text: str
    place: str


Name: TypeAlias = tuple[str, ...]


def declared(section: type = Settings, path: Name = ()) -> Iterator[tuple[Name, Field[Any]]]:
    """Yield each setting's path and field, in the order of declaration."""
    for entry in fields(section):
        if "kind" in entry.metadata:
            yield (*path, entry.name), entry
        else:
            yield from declared(cast("type", entry.type), (*path, entry.name))


def environment_name(path: Name) -> str:
    """Return the environment's name of a setting: `FULLRESERVE_JOURNAL_SEGMENT_ROWS`."""
    return PREFIX + "_".join(path).upper()


def _from_environment(environment: Mapping[str, str]) -> dict[Name, Given]:
    names = {environment_name(path): path for path, _ in declared()}
    given = {}
    for name, text in environment.items():
        if name in names:
            given[names[name]] = Given(text, name)
        elif name.startswith(PREFIX) and name not in RESERVED:
            raise SettingError(_unknown(name, list(names)))
    return given


def _from_file(environment: Mapping[str, str]) -> dict[Name, Given]:
    named = environment.get("FULLRESERVE_CONFIG")
    path = Path(named) if named else CONFIG_FILE
    if not named and not path.exists():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SettingError(f"The settings file {path} cannot be read: {problem}.") from problem
    names = [".".join(name) for name, _ in declared()]
    given = {}
    for name, value in _leaves(tables, ()):
        dotted = ".".join(name)
        if dotted not in names:
            raise SettingError(_unknown(dotted, names, f" in {path}"))
        given[name] = Given(_as_text(value), f"{dotted} in {path}")
    return given


def _leaves(table: Mapping[str, object], path: Name) -> Iterator[tuple[Name, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _unknown(name: str, names: list[str], where: str = "") -> str:
    near = difflib.get_close_matches(name, names, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{name}{where} is not a setting.{meant} `fullreserve config` lists all settings."


def _build(section: type[T], given: Mapping[Name, Given], path: Name) -> T:
    assert is_dataclass(section)
    values: dict[str, object] = {}
    for entry in fields(section):
        name = (*path, entry.name)
        if "kind" not in entry.metadata:
            values[entry.name] = _build(cast("type", entry.type), given, name)
        elif name in given:
            values[entry.name] = _parse(given[name], entry.metadata["kind"])
    return cast("T", section(**values))


def _parse(given: Given, kind: Kind) -> object:
    try:
        return kind.parse(given.text)
    except (ValueError, KeyError, InvalidOperation):
        value = repr(given.text) if kind.quoted else "wrong"
        raise SettingError(f"{given.place} is {value}; allowed is {kind.allowed}.") from None


def show(settings: Settings) -> str:
    """Return the settings as a TOML file that, read again, gives the same settings."""
    lines = []
    table: Name = ()
    for path, entry in declared():
        if path[:-1] != table:
            table = path[:-1]
            lines += ["", f"[{'.'.join(table)}]"]
        value: object = settings
        for part in path:
            value = getattr(value, part)
        allowed = entry.metadata["kind"].allowed
        lines.append(f"# {entry.metadata['meaning']} Allowed: {allowed}. {environment_name(path)}")
        lines.append(f"{path[-1]} = {_as_toml(value)}")
    return "\n".join(lines).lstrip("\n")


def _as_toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
