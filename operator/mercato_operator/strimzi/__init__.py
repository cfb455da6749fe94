"""The same by way of Strimzi's objects."""
