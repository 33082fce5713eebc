"""File descriptors: as many as the system gives, and some kept back for the log."""

from __future__ import annotations

import resource

# More connections than this are served by more gateways.
CONNECTIONS_MAX = 10_000
WANTED = 65_536
# The journal, its segments, the vault, the records, sockets of our own.
KEPT_BACK = 256
PORTS = 2
NEEDED = 512


class TooFewDescriptors(OSError):
    """The system gives this process too few open files to serve anybody beside the log."""


def connections_max() -> int:
    """How many connections each port may hold, once the process may open all that it can.

    Raises TooFewDescriptors.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    if soft < NEEDED:
        raise TooFewDescriptors(
            f"This process may open {soft} files and connections; at least {NEEDED} are needed. "
            "Raise the limit: `ulimit -n 65536`, or LimitNOFILE= in its systemd unit."
        )
    return min(CONNECTIONS_MAX, (soft - KEPT_BACK) // PORTS)
