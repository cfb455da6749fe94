"""What texts, names, addresses and amounts of money look like."""
