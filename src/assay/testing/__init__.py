"""Contracts that every adapter passes, for ours and for other people's."""
