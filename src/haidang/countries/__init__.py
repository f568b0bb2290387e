"""Countries: one folder each, found by walking."""
