"""The node's addresses. Each node has a network of its own, so every cluster has the same ones."""

NODE = "10.0.0.1"
NODE_PREFIX = 24
PODS = "10.244.0.0/16"
NODE_PODS = "10.244.0.0/24"
SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
API_PORT = 6443
ETCD = "http://127.0.0.1:2379"
"""Reached from inside the node alone."""
