"""What a source of routes and policies is, wherever it finds them."""

from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

from services.gateway.documents import Documents, Refused

OnDocuments = Callable[[Documents], None]


class Source(Protocol):
    """Follows the documents wherever they are."""

    async def run(self, on_documents: OnDocuments) -> NoReturn:
        """Calls `on_documents` with all of them at first and at each change, for ever."""

    def written(self, refused: Sequence[Refused], /) -> None:
        """Envoy has been given what follows from the documents told last, without what was refused."""

    def behind(self) -> str | None:
        """Why the documents told last may be out of date, or are not known yet; None while they are not."""
