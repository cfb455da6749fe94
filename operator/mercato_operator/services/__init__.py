"""CommerceServices: whole services made of one object."""
