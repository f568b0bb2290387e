"""One source, one file: the only place that trusts nobody."""
