"""Payloads of serving platforms, as they are, become predictions and labels."""
