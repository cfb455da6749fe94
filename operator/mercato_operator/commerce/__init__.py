"""What a `CommerceService` becomes: pure renderers of its objects, its database, its route."""
