"""How much goes to a portal at once: learned of it, remembered, and within its limits."""
