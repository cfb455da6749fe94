"""Points for what customers buy: an example of a service that a CommerceService adds to the platform."""
