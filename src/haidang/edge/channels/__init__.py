"""One channel, one file: at least once, from the outbox."""
