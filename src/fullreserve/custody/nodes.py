"""Chain nodes of the demo and the tests: found here, started, ended with this process."""

from __future__ import annotations

import ctypes
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from fullreserve.after_trading import WORKERS, give_way, group_after_trading
from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.custody import node_guard
from fullreserve.custody.chains.rpc import Node, NodeProblem

READY_MS = 60_000
LOOK_MS = 20
# A node that is ended before it has written its blocks forgets them.
STOP_S = 60
# https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
_PR_SET_PDEATHSIG = 1

_REPOSITORY = Path(__file__).resolve().parents[3]
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class NodeMissing(RuntimeError):
    """The program of a node is not on this machine; the message says how to get it."""


def anvil() -> Path:
    """The program of anvil: in the repository's `nodes/` after its set-up, or on the path."""
    machine = _MACHINES.get(platform.machine(), platform.machine())
    package = f"nodes/node_modules/@foundry-rs/anvil-linux-{machine}/bin/anvil"
    ours = _REPOSITORY / package
    found = ours if ours.exists() else shutil.which("anvil")
    if not found:
        raise NodeMissing("anvil is not installed; `npm ci` in the folder nodes/ installs it")
    return Path(found)


def litecoind() -> Path:
    """Litecoin Core."""
    return _on_path("litecoind", "`apt-get install litecoind` installs it")


def btcd() -> Path:
    """The Bitcoin node in Go: where set-up built it, or on the path."""
    ours = _REPOSITORY / ".setup" / "go" / "btcd"
    if ours.exists():
        return ours
    return _on_path("btcd", "`go install github.com/btcsuite/btcd@v0.26.2` builds it")


def _on_path(name: str, how: str) -> Path:
    found = shutil.which(name)
    if not found:
        raise NodeMissing(f"{name} is not installed; {how}")
    return Path(found)


def free_port() -> int:
    """A port that was free a moment ago, for programs that cannot say which one they took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NodeProcess:
    """A node that runs for as long as this process does, and `grace_s` at most after it."""

    def __init__(
        self, command: Sequence[str | Path], url: str, method: str, grace_s: float = STOP_S
    ) -> None:
        self.url = url
        self._method = method
        self._grace_s = grace_s
        self._process = subprocess.Popen(  # noqa: S603 - a program that we looked up
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_beside_the_exchange,  # noqa: PLW1509 - no locks
        )
        group_after_trading(self._process.pid, WORKERS)
        told = (str(self._process.pid), str(grace_s))
        self._guard = subprocess.Popen(  # noqa: S603 - a program of ours
            [sys.executable, "-I", "-S", node_guard.__file__, *told],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_as_guard,  # noqa: PLW1509 - no locks
        )

    @property
    def pid(self) -> int:
        """0 once it has ended."""
        return 0 if self._process.poll() is not None else self._process.pid

    async def ready(self, clock: Clock) -> None:
        """Returns once it answers; NodeMissing when it ends or stays silent."""
        node, started_ns = Node(self.url), clock.monotonic_ns()
        try:
            while clock.monotonic_ns() - started_ns < READY_MS * NS_PER_MS:
                if not self.pid:
                    break
                try:
                    node.call(self._method)
                except NodeProblem:
                    await clock.wait_ms(LOOK_MS)
                else:
                    return
        finally:
            node.close()
        raise NodeMissing(f"the node at {node.name} did not come up")

    def pause(self) -> None:
        """Stops it in its tracks: it holds its connections and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it at once, for chains that nobody wants to keep."""
        self._process.kill()
        self._ended()

    def _ended(self) -> None:
        """Waits for its end, and for that of its guard."""
        self._process.wait()
        assert self._guard.stdin is not None
        if not self._guard.stdin.closed:
            self._guard.communicate(node_guard.IN_ORDER)

    def stop(self) -> None:
        """Ends it and waits for its end; killed where it is not over within its grace."""
        if self.pid:
            self.resume()
            self._process.terminate()
            try:
                self._process.wait(self._grace_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._ended()


def start_anvil(
    chain_id: int, *, block_s: int = 0, state: Path | None = None, port: int = 0
) -> NodeProcess:
    """An EVM node; `block_s` 0: blocks on request only. With `state` it remembers its chain."""
    port = port or free_port()
    pace = ["--block-time", str(block_s)] if block_s else ["--no-mining"]
    kept: list[str] = ["--state", str(state), "--state-interval", "5"] if state else []
    command: list[str | Path] = [
        *(anvil(), "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(chain_id)),
        *("--slots-in-an-epoch", "4", "--accounts", "10", "--silent", *pace, *kept),
    ]
    return NodeProcess(command, f"http://127.0.0.1:{port}", "eth_chainId")


def start_litecoind(folder: Path, *, replaces: bool = True, index: bool = True) -> NodeProcess:
    """Litecoin Core in regression-test mode, on its own; without MWEB, which needs a peg-in.

    `replaces`: it takes a transaction with a higher fee in place of one that it holds. `index`: it
    finds any transaction, which the adapter needs.
    """
    name, password = "fullreserve", secrets.token_hex(16)
    said = _private(folder, f"rpcuser={name}\nrpcpassword={password}\n")
    port = free_port()
    command: list[str | Path] = [
        *(
            litecoind(),
            f"-conf={said.absolute()}",
            "-regtest",
            f"-datadir={folder}",
            "-server",
            "-listen=0",
            "-dnsseed=0",
        ),
        *(f"-rpcport={port}", f"-txindex={int(index)}"),
        *("-fallbackfee=0.0001", f"-mempoolreplacement={int(replaces)}", "-printtoconsole=0"),
        *("-vbparams=mweb:4000000000:4100000000", "-debuglogfile=0", "-rpcbind=127.0.0.1"),
        "-rpcallowip=127.0.0.1",
    ]
    return NodeProcess(command, f"http://{name}:{password}@127.0.0.1:{port}", "getblockcount")


def start_btcd(folder: Path, mining: str) -> NodeProcess:
    """Btcd in regression-test mode, on its own; blocks pay to the address `mining`."""
    name, password = "fullreserve", secrets.token_hex(16)
    said = _private(folder, f"[Application Options]\nrpcuser={name}\nrpcpass={password}\n")
    port = free_port()
    command: list[str | Path] = [
        *(btcd(), "--regtest", "--notls", "--txindex", "--nolisten", "--nodnsseed"),
        *(f"--datadir={folder}", f"--logdir={folder}", f"--miningaddr={mining}"),
        *(f"--rpclisten=127.0.0.1:{port}", f"--configfile={said.absolute()}"),
    ]
    return NodeProcess(command, f"http://{name}:{password}@127.0.0.1:{port}", "getblockcount")


def _private(folder: Path, text: str) -> Path:
    """A node's settings that its command line would show to everybody on the machine."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "rpc.conf"
    place.unlink(missing_ok=True)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return place


def _as_guard() -> None:
    """Gives way as its node does, and ends with that alone: what is ignored now stays so."""
    give_way(WORKERS)
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)


def _beside_the_exchange() -> None:
    """Ends with its parent, and gives way to it."""
    give_way(WORKERS)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
