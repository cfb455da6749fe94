"""Tells customers what became of their orders: once each, in their list of notifications and by mail."""
