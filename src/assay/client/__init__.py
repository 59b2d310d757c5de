"""The HTTP client: a monitor behind an address."""
