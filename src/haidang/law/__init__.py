"""The law as dated data: decision tables, evaluated, never coded."""
