"""Logging without writing it out: a decorator, a wrapper of estimators, a dependency of FastAPI."""
