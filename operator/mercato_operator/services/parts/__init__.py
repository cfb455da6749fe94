"""The objects that a service is made of."""
