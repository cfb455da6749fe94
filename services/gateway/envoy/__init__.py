"""Pure: the route table in, Envoy's configuration out (xDS v3 resources as plain dictionaries)."""
