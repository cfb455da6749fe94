"""The gateway's control plane: turns route files and ready endpoints into Envoy's dynamic resources."""
