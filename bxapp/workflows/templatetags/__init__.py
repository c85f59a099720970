"""Filters of the lists of workflows."""
