"""The embedded broker as a process of its own: `python -m tests.integration.mqtt_server FOLDER [PORT]`.

Prints the port, then serves until it is told to end.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.mqtt import MqttSettings, start_mqtt
from twin.observations.store import open_observations


async def serve(folder: Path, port: int) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    with open_observations(folder) as observations:
        server = await start_mqtt(observations, folder, MqttSettings(port=port))
        assert server
        print(server.port, flush=True)
        await ended.wait()
        await server.stop()


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port. Ended at the end if it still runs."""
    command = [sys.executable, "-m", "tests.integration.mqtt_server", str(folder), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process, int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
