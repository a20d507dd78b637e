"""A worker in a process of its own, where a process cannot be forked (Windows).

Run as `python -P -m gradecheck.run.single`. The first line of its standard input is JSON: the port of the
judge on this machine, a token that proves who calls, the working directory and the limits. Without a
sandbox, without a limit of memory where the system has none, and slower: TensorFlow is imported each time.
"""

import json
import os
import socket
import sys
from typing import Any

from gradecheck.run.limits import Limits
from gradecheck.run.template import prepare


def main() -> None:
    """Serve one session."""
    order = json.loads(sys.stdin.readline())
    shell = prepare()
    channel = socket.create_connection(("127.0.0.1", order["port"]))
    channel.sendall(bytes.fromhex(order["token"]))
    limits = Limits(**order["limits"])
    from gradecheck.run.worker import serve

    serve(shell, _settle(channel.detach(), order, limits), limits)


def _settle(channel: int, order: dict[str, Any], limits: Limits) -> int:
    """Confine this process as well as the system can."""
    directory = order["directory"]
    if os.name == "posix":
        from gradecheck.run.confine import prepare_child

        return prepare_child(channel, directory, limits, lambda: os.chdir(directory))
    os.chdir(directory)
    sys.path.append(directory)
    sys.argv = [""]
    return channel


if __name__ == "__main__":
    main()
