"""The main program of a run's process: runs the script, and ends with the server that has started it.

The server holds the other end of standard input and never writes: when it closes, the server has gone, however it went.
"""

import os
import runpy
import signal
import sys
import threading


def end_with_the_server() -> None:
    os.read(0, 1)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_the_server, daemon=True).start()
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(sys.argv[0])  # noqa: PTH120  # as Python sets it for a script
    runpy.run_path(sys.argv[0], run_name="__main__")
