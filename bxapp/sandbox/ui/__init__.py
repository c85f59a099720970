"""The browser pages of the sandbox portal."""
