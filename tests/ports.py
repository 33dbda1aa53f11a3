"""Ports that stay free until somebody listens there, also while nobody does."""

from __future__ import annotations

import itertools
import os
import random
import socket

# Below those that a system hands out by itself: no connection and no server of another test is ever given one.
FIRST, LAST = 20_000, 32_000

_ports = itertools.cycle(random.Random(os.getpid()).sample(range(FIRST, LAST), LAST - FIRST))


def free_port() -> int:
    """One on loopback where nobody listens; another each time."""
    for port in itertools.islice(_ports, LAST - FIRST):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise OSError("no port is free on 127.0.0.1")
