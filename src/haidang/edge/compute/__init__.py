"""Where a pure function is mapped over jobs."""
