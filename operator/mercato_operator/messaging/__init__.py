"""Topics, users and rights: what is wanted, worked out purely, and two backends that bring it about."""
