"""Settings, wiring, scheduler and health: the one place that knows concrete classes."""
