"""The payment simulator: Stripe's API as far as payment uses it, on a ledger of its own."""
