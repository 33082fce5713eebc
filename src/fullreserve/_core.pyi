"""The deterministic exchange core (Rust). Bytes in, bytes out; no clock, no I/O."""

from typing import Any, TypeAlias

class CoreHalted(Exception):
    """A broken invariant or a caught panic; the core answers queries but applies nothing more.

    Attributes: `sequence` of the command it happened at, `reason`.
    """

    sequence: int
    reason: str

class Core:
    """The fold over the log. One thread at a time."""

    def __init__(self) -> None: ...
    def apply(
        self,
        sequence: int,
        time_ms: int,
        commands: bytes,
        events: bool = True,
        skip: list[int] | None = None,
    ) -> bytes:
        """Applies a batch (a MessagePack array of commands), all-or-nothing per command.

        `sequence` is that of the first command and must be the last applied + 1; `time_ms` may not
        go back. `skip` names quarantined sequences, which are passed over. Returns the events as a
        MessagePack array (b"\\x90" with events=False).

        Raises ValueError, having changed nothing, on bytes that are not a batch, on a gap in the
        sequence and on time going back; CoreHalted as above.
        """

    def apply_alone(
        self,
        sequence: int,
        time_ms: int,
        commands: bytes,
        events: bool = True,
        skip: list[int] | None = None,
    ) -> bytes | None:
        """As `apply`; None, with nothing changed, when the batch holds product commands."""

    def query(self, query: bytes) -> bytes:
        """Answers one query; ValueError on malformed bytes."""

    def snapshot(self) -> bytes:
        """The whole state; `restore` of it continues the log with equal results for ever."""

    @staticmethod
    def restore(data: bytes) -> Core:
        """A core from a snapshot; ValueError if it cannot be read."""

    def state_hash(self) -> bytes:
        """32 bytes over the canonical content of all components."""

    @property
    def sequence(self) -> int: ...
    @property
    def time_ms(self) -> int: ...
    @property
    def next_due_ms(self) -> int:
        """When the agenda next needs a batch; 0 when it does not."""

    @property
    def open_orders(self) -> int: ...
    @property
    def finished_total(self) -> int: ...

# A command, its instrument, its client order id and its tag.
_PlainOrder: TypeAlias = tuple[bytes, int, bytes, bytes]

class PlainOrders:
    """Reads the usual order request straight to the bytes of its command, for one gateway.

    None declines, without a reason: the request may be wrong or only unusual, and
    `gateway.order_entry` says which.
    """

    def __init__(self, gateway: int) -> None: ...
    def learn(
        self, symbol: str, instrument: int, price_scale: int, size_scale: int, quote_scale: int
    ) -> None:
        """Takes orders on an instrument from now on; scales are decimal places."""

    def order(self, body: bytes, owner: int, number: int, expires_ms: int) -> _PlainOrder | None:
        """One JSON object of order parameters."""

    def request(self, message: bytes, owner: int, number: int) -> tuple[bytes, _PlainOrder] | None:
        """A WebSocket request that places one order; its `id` is given as it was sent."""

class SignedRequests:
    """Reads requests that were signed, within 30 seconds of now, by keys which it was told of.

    None declines, without a reason: `gateway.auth` says what is wrong, if anything is. Orders that
    were signed before `orders_since_ms` are declined.
    """

    def __init__(self, orders_since_ms: int) -> None: ...
    def learn(self, name: bytes, secret: bytes, passphrase: bytes, owner: int, caller: Any) -> None:
        """Takes a key's signatures from now on; `caller` is what it is given back as."""

    def forget(self) -> None:
        """Takes no signature any more."""

    def order(
        self, data: bytes, path: bytes, now_ms: int, plain: PlainOrders, number: int
    ) -> tuple[Any, bytes | None, bytes, _PlainOrder] | None:
        """The usual order at a path: caller, `x-forwarded-for`, signature, order."""

    def read(self, data: bytes, now_ms: int) -> tuple[Any, bytes | None, bytes, bytes] | None:
        """A GET: caller, `x-forwarded-for`, path, query."""

class ClaimsTree:
    """The strict sum tree of what accounts are owed (`crates/prover`). One thread at a time.

    `master` (32 bytes) is the secret that salts and the order of accounts are drawn from; `assets`
    are the ids whose claims stand in the leaves, ascending. It is not used after a ValueError.
    """

    def __init__(self, master: bytes, assets: list[int]) -> None: ...
    def stage(self, packed: bytes) -> None:
        """Takes accounts' claims as `Claims.owners` has them; ValueError on anything else."""

    def place(self, epoch: int) -> None:
        """Gives places to the accounts staged so far, before those that come later."""

    def commit(self, epoch: int) -> None:
        """Makes what has changed; epochs are above 0 and ascend. ValueError: a sum is too large."""

    def root(self) -> tuple[bytes, list[int]]:
        """The root's hash and the totals, by asset."""

    def proof(self, account: int, epoch: int) -> str | None:
        """An account's proof as JSON; None where the account or the epoch is not there."""

    @property
    def house(self) -> int | None:
        """The account under which the exchange's own accounts have one leaf together."""

    @property
    def leaves(self) -> int: ...
    @property
    def first_epoch(self) -> int:
        """The first epoch of which proofs can be had."""

def launch(
    command: list[bytes],
    environment: list[bytes],
    stdin: int | None,
    stdout: int | None,
    answer: int,
) -> None:
    """Starts a program in a session of its own, on a thread that is none of Python's.

    `command` begins with the program's path; `environment` is NAME=VALUE. `stdin` and `stdout` are
    descriptors to keep open until it has begun, this process's own by default; standard error
    always is, and nothing else is inherited. Once it has begun, 4 bytes in the machine's order
    come through the pipe `answer`, which is given away: its process id, or less than 0 and the
    error's number, as of execve(2). ValueError on texts with a 0 in them.
    """

def whole_request(
    data: bytes,
) -> tuple[bool, bytes, bytes, dict[bytes, bytes], bytes] | None:
    """The usual HTTP/1.1 request, where these bytes are one, all of it and without adornment.

    Whether it is a POST (GET otherwise), path without escapes, query, headers by lower-case name,
    body. None: the server's own parser has to look.
    """

def taken_frame(
    request_id: bytes,
    client_order_id: bytes,
    order: int,
    tag: bytes,
    time_ms: int,
    in_us: int,
    out_us: int,
) -> bytes:
    """The WebSocket frame that replies to one order which was taken.

    The texts are those that `PlainOrders.request` gave; `order` as clients know it; `time_ms` is
    exchange time, `in_us` and `out_us` are wall time at which the request came and this leaves.
    """

def select_events(events: bytes, tags: int) -> bytes:
    """The events whose tag is a set bit of `tags`, as a MessagePack array of their own.

    ValueError on bytes that are not events.
    """

def version() -> str: ...
