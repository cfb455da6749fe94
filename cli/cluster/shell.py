"""Runs the programs of a cluster and turns their failures into one line."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster


def run(
    command: Sequence[str | Path],
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
    stdin: BinaryIO | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run to the end, output captured. Raises ClusterError when it takes too long or, if told to check, fails."""
    title = Path(command[0]).name
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **(environment or {})},
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise ClusterError(f"{title} is not there any more: run `up` again") from None
    except subprocess.TimeoutExpired:
        raise ClusterError(f"{title} did not end within {timeout:.0f} s: see how busy this machine is") from None
    if check and done.returncode:
        last = (done.stderr.strip().splitlines() or done.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise ClusterError(f"{title} failed: {last}")
    return done


def kubectl(cluster: Cluster, *arguments: str, timeout: float = 30.0, check: bool = True) -> str:
    """kubectl as the cluster's administrator; returns its standard output."""
    command: list[str | Path] = [cluster.kubectl, "--kubeconfig", cluster.kubeconfig, *arguments]
    return run(command, timeout=timeout, check=check).stdout
