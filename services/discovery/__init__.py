"""The discovery facade: which instances are ready, in the forms other platforms' clients read."""
