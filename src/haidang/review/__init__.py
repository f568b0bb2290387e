"""What was known, decided, said and done, and whether it was right."""
