"""A server that says it is ready has its routes laid out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app
from tests.server.conftest import running


def test_the_first_request_waits_for_no_validator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    make = TypeAdapter.__init__

    def making(self: TypeAdapter[Any], *args: Any, **named: Any) -> None:
        made.append(args)
        make(self, *args, **named)

    settings = Settings(data_dir=tmp_path)
    service = build_service(settings)
    try:
        app = create_app(service, settings)
        with running(app) as live:
            monkeypatch.setattr(TypeAdapter, "__init__", making)
            assert live.http.get("/").status_code == 200
            assert live.http.get("/api/v1/nothing").status_code == 404
        assert not made
    finally:
        service.close()
