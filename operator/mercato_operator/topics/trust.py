"""Where Kafka's topics and users are somebody else's: services are told to go on."""

from typing import Final

from mercato_operator.topics.uses import UserState, Uses

_TEXT: Final = "Topics, users and rights in Kafka are not the operator's here: see that they are made."


def trust(uses: Uses) -> None:
    """From now on every use is taken to be possible."""

    def tell() -> None:
        uses.told({user: UserState(use, True, "NotManaged", _TEXT) for user, use in uses.all().items()})

    uses.on_wanted(tell)
