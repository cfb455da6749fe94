"""Settings, and the config service they come from."""
