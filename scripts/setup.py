"""Set the repository up: tools, environment, packages, the compiled core.

Needs nothing but Python 3.11 or later. Each step says what it does and how long it took; when
nothing changed since the last run, no step runs. What needs the compiler and what needs npm go side
by side. What it makes stays inside the repository:
`.setup/` (uv, btcd and the stamp), `.venv/`, `target/`, `web/node_modules/`, `web/dist/` and
`nodes/node_modules/`.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
UV_HOME = ROOT / ".setup" / "uv"
STAMP = ROOT / ".setup" / "stamp.json"
PYTHON_MIN = (3, 11)
RUST_MIN = (1, 95)
NODE_MIN = (20, 19)
# What the compiled code mostly does; `usual_load.py` records it.
PROFILE = ROOT / "crates" / "usual-load.profdata"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

LEVELS = {
    "run": ("run", "build"),
    "test": ("run", "build", "test"),
    "bench": ("run", "build", "test", "bench"),
}

BUILD_INPUTS = (
    "pyproject.toml",
    "Cargo.toml",
    "Cargo.lock",
    "crates/*/src/**/*.rs",
    "crates/*/Cargo.toml",
    "crates/*.profdata",
)

WEB_INPUTS = (
    "web/*.json",
    "web/*.ts",
    "web/*.html",
    "web/.npmrc",
    "web/build/*",
    "web/public/**/*",
    "web/src/**/*",
)
WEB_LOCK = ("web/package-lock.json",)
NODES_LOCK = ("nodes/package-lock.json",)
BTCD = "github.com/btcsuite/btcd@v0.26.2"
GO_HOME = ROOT / ".setup" / "go"
# What the stamp says of these outlives a build of the core.
KEPT_STAMPS = ("web_", "client_", "nodes")
NODE_CLIENT = "tests/clients/node"

# Steps that run side by side note what they did in one file.
STAMPING = threading.Lock()


class SetupError(Exception):
    """Something a person has to mend; the message says what and how."""


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say what starts, and how long it took when it ends."""
    print(f"  {text} …", flush=True)
    started = time.monotonic()
    yield
    print(f"  {text}: {time.monotonic() - started:.1f} s", flush=True)


def call(*command: str | Path, folder: str = ".", **environment: str) -> None:
    """Run a command quietly in a folder; on failure show everything it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT / folder,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        raise SetupError(f"'{' '.join(map(str, command))}' failed with code {done.returncode}.")


def apt_install(*packages: str) -> None:
    """Install Debian packages when this process may; otherwise say how to."""
    wanted = " ".join(packages)
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        raise SetupError(f"Missing: {wanted}. Install with: sudo apt-get install {wanted}")
    with step(f"installing Debian packages: {wanted}"):
        call("apt-get", "update", "-qq")
        call("apt-get", "install", "-y", "-qq", *packages, DEBIAN_FRONTEND="noninteractive")


def has_module(name: str) -> bool:
    """Tell whether this Python can run `-m name`."""
    probe = [sys.executable, "-c", f"import {name}"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def check_rust() -> None:
    """Make sure that a new enough cargo and a linker are there."""
    if not shutil.which("cc"):
        apt_install("gcc", "libc6-dev")
    cargo_home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    cargo = shutil.which("cargo") or shutil.which("cargo", path=str(cargo_home / "bin"))
    needed = ".".join(map(str, RUST_MIN))
    how = (
        f"Rust {needed} or later is needed; Debian 12 packages an older one. "
        "Install it with rustup, see https://www.rust-lang.org/tools/install"
    )
    if cargo is None:
        raise SetupError(f"cargo was not found. {how}")
    os.environ["PATH"] = f"{Path(cargo).parent}{os.pathsep}{os.environ['PATH']}"
    words = subprocess.run([cargo, "--version"], capture_output=True, text=True, check=True).stdout
    version = words.split()[1]
    if tuple(int(part) for part in version.split(".")[:2]) < RUST_MIN:
        raise SetupError(f"cargo {version} at {cargo} is too old. {how}")


def check_browser(level: str) -> None:
    """Make sure that the browser is there which the tests drive."""
    if level != "run" and not shutil.which("chromium"):
        apt_install("chromium")


def ensure_uv() -> Path:
    """Return uv: the one pinned by the repository, installed into `.setup/uv` when missing."""
    private = UV_HOME / "bin" / "uv"
    if not private.exists():
        if not has_module("pip"):
            apt_install("python3-pip")
        with step("installing uv"):
            requirements = ROOT / "requirements" / "uv.txt"
            call(
                *(sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"),
                *("--disable-pip-version-check", "--root-user-action=ignore"),
                *("--target", UV_HOME, "-r", requirements),
            )
    return private


def digest(patterns: tuple[str, ...]) -> str:
    """Hash the names and contents of the files that the patterns match."""
    total = hashlib.sha256()
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    for path in sorted(found):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return total.hexdigest()


def read_stamp() -> dict[str, str]:
    """Return what the last run left: a digest for each requirement file and the build."""
    usable = STAMP.exists() and (VENV / "bin" / "python").exists()
    stamp: dict[str, str] = json.loads(STAMP.read_text()) if usable else {}
    return stamp if stamp.get("root") == str(ROOT) else {}


def write_stamp(stamp: dict[str, str]) -> None:
    """Replace the stamp in one step, so that an interrupted run leaves no half of one."""
    fresh = STAMP.with_suffix(".new")
    fresh.write_text(json.dumps(stamp, indent=1))
    fresh.replace(STAMP)


def add_to_stamp(done: dict[str, str]) -> None:
    """Note what is in place by now, beside what other steps noted."""
    with STAMPING:
        write_stamp(read_stamp() | done)


def make_environment(uv: Path) -> None:
    """Make the empty environment where there is none."""
    if not (VENV / "bin" / "python").exists():
        with step(f"creating .venv with Python {sys.version.split()[0]}"):
            call(uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV)


def install_packages(uv: Path, names: list[str]) -> None:
    """Make the environment hold exactly what the named requirement files pin."""
    files = [f"requirements/{name}.txt" for name in names]
    with step(f"installing pinned packages: {', '.join(names)}"):
        call(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", VENV, *files)


def release_flags() -> str:
    """Return the compiler's flags of a release build, as CARGO_ENCODED_RUSTFLAGS takes them."""
    # A folder's name may have blanks, at which RUSTFLAGS would be cut.
    return "\x1f".join([*os.environ.get("RUSTFLAGS", "").split(), f"-Cprofile-use={PROFILE}"])


def build_package(uv: Path, flags: str = "") -> None:
    """Compile the core for release and install the package in place."""
    with step("compiling the core (Rust, release)"):
        call(
            *(uv, "pip", "install", "--quiet", "--python", VENV, "--no-deps"),
            *("--no-build-isolation", "--reinstall-package", "fullreserve", "--editable", "."),
            # maturin and a plain `cargo build` in one folder rebuild PyO3 in turns.
            CARGO_TARGET_DIR=str(ROOT / "target" / ("profile" if flags else "extension")),
            CARGO_ENCODED_RUSTFLAGS=flags or release_flags(),
            VIRTUAL_ENV=str(VENV),
            PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
        )


# The programs of a running demo, and what they load only when it is needed.
PROGRAMS = (
    *("cli.__main__", "app.child", "journal.old_rows", "journal.replaying", "simulation.market"),
    *("records.follower", "reserves.worker", "custody.watcher", "custody.duty", "custody.paying"),
    *("custody.signer", "custody.signer_desk", "custody.demo_holders", "custody.node_guard"),
)
LOADED_LATER = (
    *("simulation.app", "simulation.outside", "records.history", "gateway.rest.exposition"),
    *("custody.demo", "custody.transactions", "custody.spare"),
)


def compile_modules() -> None:
    """Keep what the exchange imports as bytecode, also where Python is told to write none."""
    imports = "; ".join(f"import fullreserve.{module}" for module in (*PROGRAMS, *LOADED_LATER))
    with step("compiling the Python modules"):
        call(VENV / "bin" / "python", "-c", imports, PYTHONDONTWRITEBYTECODE="")


def compile_tests() -> None:
    """Keep as bytecode what tests import: each of their processes would compile most of it anew."""
    collect = ("-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider")
    with step("compiling the tests"):
        call(VENV / "bin" / "python", *collect, PYTHONDONTWRITEBYTECODE="")


def check_node() -> None:
    """Make sure that a new enough Node and npm are there."""
    needed = ".".join(map(str, NODE_MIN))
    how = (
        f"Node {needed} or later with npm is needed to build the web app; Debian 12 packages an "
        "older one. Install it from https://nodejs.org/en/download"
    )
    node = shutil.which("node")
    if node is None or not shutil.which("npm"):
        raise SetupError(f"{'npm' if node else 'node'} was not found. {how}")
    words = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    version = words.strip().removeprefix("v")
    if tuple(int(part) for part in version.split(".")[:2]) < NODE_MIN:
        raise SetupError(f"node {version} at {node} is too old. {how}")


def web_digests(level: str) -> dict[str, str]:
    """Return what the web app's packages and its build depend on, as the stamp holds it."""
    kind = "build" if level == "run" else "test"
    return {f"web_{kind}": digest(WEB_LOCK), "web_inputs": digest(WEB_INPUTS)}


def is_web_fresh(stamp: dict[str, str], level: str) -> bool:
    """Tell whether the web app is built from what is there."""
    built = (ROOT / "web" / "dist" / "index.html").exists()
    return built and web_digests(level).items() <= stamp.items()


def build_web(stamp: dict[str, str], level: str) -> dict[str, str]:
    """Build the web app where its sources changed; return what to stamp."""
    check_node()
    wanted = web_digests(level)
    locked = {name: value for name, value in wanted.items() if name != "web_inputs"}
    is_installed = (ROOT / "web" / "node_modules").exists()
    if not (is_installed and locked.items() <= stamp.items()):
        # Tests and linters are not needed to build; what has them can build too.
        only = ["--omit=dev"] if level == "run" else []
        locked["web_build"] = digest(WEB_LOCK)
        with step("installing the web app's packages"):
            call("npm", "ci", "--no-audit", "--no-fund", *only, folder="web")
    if not is_web_fresh(stamp | locked, level):
        with step("building the web app"):
            call("npm", "run", "--silent", "build", folder="web")
    return wanted | locked


def set_up_web(level: str) -> None:
    """Bring the web app up to date; the exchange runs without one where it cannot be built."""
    stamp = read_stamp()
    if is_web_fresh(stamp, level):
        return
    try:
        add_to_stamp(build_web(stamp, level))
    except SetupError as problem:
        if level != "run":
            raise
        print(f"The exchange will run without its web app: {problem}", file=sys.stderr)


def is_node_client_fresh(stamp: dict[str, str], level: str) -> bool:
    """Tell whether the tests have the client for Node that they run."""
    installed = (ROOT / NODE_CLIENT / "node_modules").exists()
    locked = digest((f"{NODE_CLIENT}/package-lock.json",))
    return level == "run" or (installed and stamp.get("client_node") == locked)


def set_up_node_client(level: str) -> None:
    """Install the client for Node that the tests run."""
    stamp = read_stamp()
    if is_node_client_fresh(stamp, level):
        return
    check_node()
    with step("installing the tests' client for Node"):
        call("npm", "ci", "--no-audit", "--no-fund", folder=NODE_CLIENT)
    add_to_stamp({"client_node": digest((f"{NODE_CLIENT}/package-lock.json",))})


def has_chain_nodes(stamp: dict[str, str], level: str) -> bool:
    """Tell whether the chain nodes that a level uses were installed, or tried in vain."""
    keys = ("nodes",) if level == "run" else ("nodes", "nodes_test")
    return all(stamp.get(key) == digest(NODES_LOCK) for key in keys)


def set_up_chain_nodes(level: str) -> None:
    """Install chain nodes where they can be had: anvil for the demo, two more for the tests.

    With anvil come the contracts of Safe; the tests also try keys in a token, SoftHSM2.

    The exchange runs without them, with deposits and withdrawals off; tests say what they skip.
    """
    stamp, lock = read_stamp(), digest(NODES_LOCK)
    if has_chain_nodes(stamp, level):
        return
    if stamp.get("nodes") != lock:
        try_to("anvil, the demo's chain", install_anvil)
    add_to_stamp({"nodes": lock})
    if level != "run":
        try_to("litecoind", install_litecoind)
        try_to("btcd", install_btcd)
        try_to("softhsm2", install_softhsm)
        add_to_stamp({"nodes_test": lock})


def try_to(what: str, install: Callable[[], None]) -> None:
    """Install something that can be done without; say what it means when that fails."""
    try:
        install()
    except SetupError as problem:
        print(f"Without {what}: {problem}", file=sys.stderr)


def install_anvil() -> None:
    """From its package, which holds the program; no script of it runs."""
    if not shutil.which("npm"):
        raise SetupError("npm was not found.")
    with step("installing the demo's chain node (anvil)"):
        call("npm", "ci", "--no-audit", "--no-fund", "--omit=dev", "--ignore-scripts",
             folder="nodes")  # fmt: skip


def install_litecoind() -> None:
    """Litecoin Core, as Debian packages it."""
    if not shutil.which("litecoind"):
        apt_install("litecoind")


def install_softhsm() -> None:
    """A PKCS#11 token in software, as Debian packages it."""
    if not shutil.which("softhsm2-util"):
        apt_install("softhsm2")


def install_btcd() -> None:
    """The Bitcoin node in Go, built once; Go checks the module against its public sums."""
    if (GO_HOME / "btcd").exists() or shutil.which("btcd"):
        return
    if not shutil.which("go"):
        raise SetupError("Go 1.25 or later was not found.")
    with step("building btcd"):
        call("go", "install", BTCD, GOBIN=str(GO_HOME))


def set_up(level: str) -> None:
    """Bring the repository to a level: `run`, `test` or `bench`."""
    started = time.monotonic()
    stamp = read_stamp()
    # A lower level after a higher one keeps what the higher one installed.
    names = [name for name in LEVELS["bench"] if name in LEVELS[level] or name in stamp]
    wanted = {name: digest((f"requirements/{name}.txt",)) for name in names}
    built = digest(BUILD_INPUTS)
    packages_fresh = all(stamp.get(name) == value for name, value in wanted.items())
    is_built = packages_fresh and stamp.get("build_inputs") == built
    check_browser(level)
    is_web_ready = is_web_fresh(stamp, level) and is_node_client_fresh(stamp, level)
    if is_built and is_web_ready and has_chain_nodes(stamp, level):
        return
    print("Setting up:", flush=True)
    uv = None if is_built else prepare(stamp, packages_fresh=packages_fresh)
    with ThreadPoolExecutor(2) as pool:
        # All but the compiler waits for npm and downloads, so the two hardly take from each other.
        others = pool.submit(set_up_others, level)
        if uv:
            set_up_python(uv, [] if packages_fresh else names)
            if "test" in names:
                try_to("the tests' bytecode", compile_tests)
            add_to_stamp({"build_inputs": built, **wanted})
        others.result()
    print(f"Set up in {time.monotonic() - started:.1f} s.", flush=True)


def prepare(stamp: dict[str, str], *, packages_fresh: bool) -> Path:
    """Get the tools and an environment in place, and forget what is about to change; uv."""
    check_rust()
    os.environ["UV_PYTHON_DOWNLOADS"] = "never"
    if SYSTEM_CERTIFICATES.exists():
        # Trust what pip and cargo trust, also behind a proxy with a certificate of its own.
        os.environ.setdefault("UV_SYSTEM_CERTS", "true")
    uv = ensure_uv()
    make_environment(uv)
    kept = {
        name: of
        for name, of in stamp.items()
        if name.startswith(KEPT_STAMPS) or (packages_fresh and name in LEVELS["bench"])
    }
    write_stamp(kept | {"root": str(ROOT)})
    return uv


def set_up_python(uv: Path, names: list[str]) -> None:
    """Install what the named requirement files pin, and compile the core."""
    if names:
        install_packages(uv, names)
    build_package(uv)
    compile_modules()


def set_up_others(level: str) -> None:
    """What neither needs the packages of Python nor is needed to install them."""
    set_up_web(level)
    set_up_node_client(level)
    set_up_chain_nodes(level)


def main() -> int:
    """Return 0 when everything is in place, 1 when a person has to mend something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("level", choices=list(LEVELS), nargs="?", default="run")
    if sys.version_info < PYTHON_MIN:
        print(f"Python {sys.version.split()[0]} is too old; 3.11 or later is needed.")
        return 1
    try:
        set_up(parser.parse_args().level)
    except SetupError as problem:
        print(f"Set-up stopped: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
