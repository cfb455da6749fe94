"""Whatever two processes do in whatever order, the first appearances of a key's messages are in order, none is lost."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.outbox_model import CHAINS, World

STEPS = 250
# How likely each kind of step is, before each run makes some of them rarer, so that it comes into states of its own.
WEIGHTS = {
    "begin": 6.0,
    "commit": 6.0,
    "hand_on": 6.0,
    "arrive": 10.0,
    "answer": 8.0,
    "work": 16.0,
    "straggle": 2.0,
    "exchange": 0.5,
    "crash": 0.5,
    "pass": 2.0,
}


def run(world: World, random: Random) -> None:
    weights = [weight * random.choice([0.02, 0.3, 1.0]) for weight in WEIGHTS.values()]
    urgency, fullness = random.choice([0.5, 0.9, 1.0]), random.choice([0.0, 0.0, 0.2])
    chains = CHAINS[: random.randint(1, len(CHAINS))]
    for name in random.choices(list(WEIGHTS), weights, k=STEPS):
        process, which = random.randrange(2), random.randrange(3)
        match name:
            case "begin":
                parts = [(random.choice(chains), random.random() < urgency) for _ in range(random.randint(1, 3))]
                world.begin(process, parts)
            case "commit":
                world.commit(process, which)
            case "hand_on":
                world.hand_on(process, which, full=random.random() < fullness)
            case "exchange":
                world.exchange(process, which)
            case "crash":
                world.crash(process, which)
            case "straggle":
                world.straggle(which)
            case "pass":
                world.now += random.choice([0.1, 0.5, 1.1])
            case _:
                getattr(world, name)(process)


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**64))
def test_first_appearances_are_in_order_and_nothing_is_lost(seed: int) -> None:
    world = World()
    run(world, Random(seed))
    world.settle()
    assert world.table == {}
    published = {chain: list(range(1, number + 1)) for chain, number in world.numbers.items() if number}
    assert world.kafka.first_appearances() == published
