"""Routes from a cluster: a ConfigMap watched through the API, or the Gateway API's objects and their conditions."""
