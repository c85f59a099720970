"""Template tags of every page: moments, ages and counts as people read them."""

from __future__ import annotations

from django import template

register = template.Library()
