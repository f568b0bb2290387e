"""From sparse event sets and what stands at places to impact, with uncertainty.

``events`` (what happens) times ``exposed`` (what stands there) times ``curves`` (what share of it
is lost) gives ``result`` (impact by event, point, place and category). `haidang.risk.impact` is
the one call in front of it.
"""
