"""Takes no more new orders than the platform can finish in time. Start at `gate`."""
