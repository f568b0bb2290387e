"""One hazard model, one file, named by what it models and verified against its papers."""
