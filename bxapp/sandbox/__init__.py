"""A portal in a box: a stand-in for a Bitrix24 portal and its authorization server.

A process of its own for the demonstration and the tests. It imports nothing of the product, and
nothing of the product imports it. ``python -m bxapp.sandbox`` starts it; ``docs/sandbox.md`` tells
which platform facts it implements, where each comes from and what it leaves out.
"""
