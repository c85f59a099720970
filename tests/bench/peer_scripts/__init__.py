"""One run of each peer: a program of its own, in the peers' own environment, unpatched."""
