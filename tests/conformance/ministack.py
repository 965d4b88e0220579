"""ministack, an AWS emulator that nobody here wrote, on a loopback port for as long as it is needed.

    python tests/conformance/ministack.py COMMAND ...

runs COMMAND with AWS_ENDPOINT_URL pointing there, and ends with its exit code. State is in memory, gone at the end.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

REGION = "eu-central-1"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 10


@contextlib.contextmanager
def running(**variables):
    """Where it answers, e.g. http://127.0.0.1:34567; stopped afterwards."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="ministack-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            # Its one entry point, next to the Python that runs us.
            program = Path(sys.executable).with_name("ministack")
            server = subprocess.Popen([program], env=environment(port, url, folder) | variables, cwd=folder, stdout=output, stderr=output)
        try:
            wait_until_it_answers(server, url, log)
            yield url
        except BaseException:
            print("ministack's last words:", *log.read_text(errors="replace").splitlines()[-40:], sep="\n  ", file=sys.stderr)
            raise
        finally:
            stop(server)


def environment(port, url, folder):
    """What it is started with: without BIND_HOST it listens on every address, and its MQTT broker does in any case."""
    return os.environ | {
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        # What the functions that it runs are told.
        "AWS_ENDPOINT_URL": url,
        "STATE_DIR": folder,
        "TMPDIR": folder,
    }


def client_environment(url):
    """What makes a client of AWS its client."""
    return os.environ | {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_answers(server, url, log):
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit(f"ministack ended with {server.returncode}:\n{log.read_text(errors='replace')}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/_ministack/health", timeout=1).close()
            return
        time.sleep(0.1)
    raise SystemExit(f"ministack did not answer within {START_SECONDS_MAX} seconds")


def stop(server):
    server.terminate()
    try:
        server.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def main(command):
    with running() as url:
        return subprocess.run(command, env=client_environment(url), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
