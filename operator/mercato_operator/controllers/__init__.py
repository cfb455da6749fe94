"""The loops that bring what is to what should be."""
