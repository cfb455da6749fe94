"""The config service: Spring Cloud Config's read API over ConfigMaps."""
