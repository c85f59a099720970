"""Stopping workflows: jobs, their items, and the work on them."""
