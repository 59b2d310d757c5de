"""Routes laid out before the first request comes."""

from __future__ import annotations

from fastapi import FastAPI

__all__ = ["lay_out"]


def lay_out(app: FastAPI) -> None:
    """Have the framework prepare all routes now.

    It reads their parameters and makes their validators when a request first passes them by: a tenth of a
    second or more, in which a server that said it was ready would answer nobody. A request that fits no
    route passes all of them by.
    """
    nowhere = {"type": "http", "method": "GET", "path": "\0", "root_path": "", "headers": [], "app": app}
    for route in app.router.routes:
        route.matches(dict(nowhere))
