"""What several channels are made of. Nothing in here is a channel."""
