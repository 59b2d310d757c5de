"""Streams: intervals that hold at all times, and detectors of change."""
