import asyncio

from services.chassis.http.problems import Unavailable
from services.customer.passwords import Passwords

CHEAP = 64


async def test_only_the_right_password_matches() -> None:
    async with Passwords(1, 10, memory_kib=CHEAP) as passwords:
        encoded = await passwords.hash("correct horse")
        assert encoded.startswith("$argon2id$")
        assert await passwords.matches(encoded, "correct horse")
        assert not await passwords.matches(encoded, "wrong horse")
        assert not await passwords.matches("not a hash", "correct horse")


async def test_nobody_is_verified_like_somebody_and_never_matches() -> None:
    async with Passwords(1, 10, memory_kib=CHEAP) as passwords:
        assert not await passwords.matches(None, "nobody")


async def test_accents_may_be_composed_either_way() -> None:
    async with Passwords(1, 10, memory_kib=CHEAP) as passwords:
        assert await passwords.matches(await passwords.hash("caf\u00e9 caf\u00e9"), "cafe\u0301 cafe\u0301")


async def test_a_hash_with_other_parameters_is_outdated() -> None:
    async with Passwords(1, 1, memory_kib=CHEAP) as old, Passwords(1, 1, memory_kib=CHEAP * 2) as new:
        encoded = await old.hash("correct horse")
        assert new.outdated(encoded)
        assert not old.outdated(encoded)
        assert await new.matches(encoded, "correct horse")


async def test_more_than_may_wait_are_told_to_come_back() -> None:
    async with Passwords(1, 2, memory_kib=CHEAP) as passwords:
        outcomes = await asyncio.gather(*(passwords.hash("x") for _ in range(5)), return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
        assert len(refused) == 2
        assert refused[0].headers["retry-after"]
        assert await passwords.hash("x"), "there is room again afterwards"
