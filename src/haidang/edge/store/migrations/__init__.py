"""The schema's history, one revision to a file, each written out by hand."""
