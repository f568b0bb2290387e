"""Words everything else is made of. Imports nothing above it."""
