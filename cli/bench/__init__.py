"""The load driver and the floors it is held against."""
