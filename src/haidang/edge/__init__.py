"""Everything that touches the world: the store, the feeds, the channels."""
