"""What runs: ingest, watch, deliver, replay. Each reads a snapshot, calls the core, commits."""
