"""The chain, joined: the only package that knows every stage. Still pure."""
