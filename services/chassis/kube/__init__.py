"""The Kubernetes API: objects mirrored, events written."""
