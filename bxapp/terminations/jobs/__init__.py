"""A job from its confirmation to its end: what is asked of it, and how what came of it is written down."""
