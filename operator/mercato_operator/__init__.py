"""The operator: declared topics (and, in a cluster, services) become real ones."""
