"""Who our customers are: sign-up, log-in, and the tokens every other service trusts."""
