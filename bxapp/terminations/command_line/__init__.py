"""``manage.py workflows``: the same queueing, work, limits and audit log as the screen, from a terminal."""
