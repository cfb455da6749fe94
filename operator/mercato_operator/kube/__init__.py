"""Kubernetes' objects as the operator sees them: watched, held, told of."""
