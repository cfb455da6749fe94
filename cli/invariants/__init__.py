"""The checker of what always holds: rows in, violations out."""
