"""Change of how features hang together, which no feature shows by itself."""
