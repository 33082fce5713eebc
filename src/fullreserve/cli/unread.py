"""What a command does when nobody reads its output to the end, as with `| head`: it is no error."""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import Final

UNREAD: Final = 128 + signal.SIGPIPE  # as programs that the signal ends


def is_unread() -> bool:
    """Whether standard output is a pipe that nobody reads; what is left goes nowhere then."""
    looked = select.poll()
    looked.register(sys.stdout.fileno(), select.POLLOUT)
    if not any(event & select.POLLERR for _, event in looked.poll(0)):
        return False
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return True
