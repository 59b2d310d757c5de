"""Adapters: the engines behind the ports."""
