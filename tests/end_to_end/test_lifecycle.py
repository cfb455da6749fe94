"""Starting, stopping and starting again, as the person who runs the platform sees it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.platform_under_test import Platform
from tests.end_to_end.shop import Shop
from tests.support.ports import free_port


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Platform]:
    """A platform that a test may start and stop as it likes."""
    platform = Platform(tmp_path / "data", free_port())
    yield platform
    platform.mercato("down", "--purge")


def processes_of(platform: Platform) -> list[str]:
    """Command lines of everything that runs on the platform's data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), *process.environ().values()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.pid != os.getpid() and any(str(platform.data) in word for word in told):
            found.append(" ".join(process.cmdline()))
    return found


async def test_orders_survive_down_and_up_and_down_leaves_no_process(own: Platform) -> None:
    own.up()
    admin = own.secret("admin.json")
    async with Shop(own.url, admin["email"], admin["password"]) as shop:
        customer, product = await shop.sign_up(), await shop.new_product(1)
        order = await shop.bought(customer, product["id"])
    assert order["status"] == "CONFIRMED"
    own.down()
    assert processes_of(own) == []
    own.up()
    async with Shop(own.url, admin["email"], admin["password"]) as shop:
        token = await shop.log_in(customer.email, customer.password)
        again = await shop.call("GET", f"/api/v1/orders/{order['id']}", token=token)
        assert again.body == order
    demo = own.mercato("demo")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "CONFIRMED" in demo.stdout
    own.down("--purge")
    assert processes_of(own) == []
    assert not own.data.exists()


def test_a_second_up_on_the_same_data_says_so_in_one_line(platform: Platform) -> None:
    done = platform.mercato("up", "--detach", "--port", str(free_port()))
    assert done.returncode == 1
    assert "down" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_named_with_the_remedy(own: Platform) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", own.port))
        taken.listen()
        done = own.mercato("up", "--detach", "--port", str(own.port))
    assert done.returncode == 1
    assert str(own.port) in done.stderr
    assert "--port" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_without_a_data_folder_commands_say_how_to_begin(own: Platform) -> None:
    for command in ("status", "logs", "down", "token", "invariants"):
        done = own.mercato(command)
        assert done.returncode == 1, command
        assert "./mercato up" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_token_is_all_that_is_printed(platform: Platform) -> None:
    for role in ("customer", "admin"):
        done = platform.mercato("token", "--role", role)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") == 1
        assert len(done.stdout.strip().split(".")) == 3
