"""Measurements of the product beside its peers: ``make bench``; ``docs/performance.md`` holds the figures."""
