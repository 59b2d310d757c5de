"""Protocols between the use cases and the engines; their docstrings are the law."""
