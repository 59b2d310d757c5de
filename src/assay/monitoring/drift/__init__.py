"""Drift: from data frames or stored profiles to a verdict."""
