"""Starts the image's PostgreSQL: makes the cluster the first time, then becomes the server.

Environment: POSTGRES_PASSWORD (required; of the superuser `postgres`), PGDATA (/var/lib/postgresql/data),
POSTGRES_MAX_CONNECTIONS (200).
"""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

ACCESS = """\
# TYPE  DATABASE  USER  ADDRESS  METHOD
host    all       all   all      scram-sha-256
"""

SETTINGS = {
    "listen_addresses": "*",
    "port": "5432",
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "password_encryption": "scram-sha-256",
    # Room in /dev/shm is scarce in a pod.
    "dynamic_shared_memory_type": "mmap",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def create_cluster(folder: Path, password: str) -> None:
    """`initdb` into `folder` unless a cluster is there; a half-made one is made anew."""
    if (folder / "PG_VERSION").exists():
        return
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    read, write = os.pipe()
    os.write(write, password.encode())
    os.close(write)
    command = ["initdb", "-D", str(making), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile=/dev/fd/{read}"]
    command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    subprocess.run(command, pass_fds=[read], stdout=subprocess.DEVNULL, check=True, timeout=300)
    os.close(read)
    (making / "pg_hba.conf").write_text(ACCESS)
    making.rename(folder)


def complaint(user: int) -> str | None:
    """Why `initdb` would not run as this user, who may be any: it asks for the name."""
    try:
        pwd.getpwuid(user)
    except KeyError:
        return (
            f"user {user} has no name in /etc/passwd, which initdb asks for: run as 65532, or where the container "
            "runtime adds a user that is missing, as OpenShift's does"
        )
    return None


def server(folder: Path, connections: str) -> list[str]:
    settings = {**SETTINGS, "max_connections": connections}
    return ["postgres", "-D", str(folder), *(f"--{name}={value}" for name, value in settings.items())]


def main() -> None:
    password = os.environ.pop("POSTGRES_PASSWORD", "")
    if not password:
        sys.exit("postgres: POSTGRES_PASSWORD is missing: set the password of the user postgres")
    folder = Path(os.environ.get("PGDATA", "/var/lib/postgresql/data"))
    if not (folder / "PG_VERSION").exists() and (trouble := complaint(os.getuid())):
        sys.exit(f"postgres: {trouble}")
    create_cluster(folder, password)
    command = server(folder, os.environ.get("POSTGRES_MAX_CONNECTIONS", "200"))
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
