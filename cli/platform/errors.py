"""What goes wrong with a platform."""


class PlatformError(Exception):
    """The platform did not do what was asked; the text is one line that names the remedy where there is one."""
