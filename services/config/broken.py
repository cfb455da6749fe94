"""The one way a document fails."""


class BrokenDocumentError(ValueError):
    """A document cannot be served; the text says which part and why, on one line."""
