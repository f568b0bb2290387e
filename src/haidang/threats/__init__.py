"""Threats: one folder each, found by walking."""
