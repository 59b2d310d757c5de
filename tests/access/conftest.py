"""A real server that asks for keys, with two models, and a key of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from assay.domain.access import COMMAND_LINE
from assay.monitoring.access.access import Access
from assay.monitoring.access.caller import calling
from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app
from tests.server.conftest import Live, running

JSON = {"Content-Type": "application/json"}


@dataclass
class Keyed:
    """A server, and secrets by name."""

    live: Live
    service: Service
    settings: Settings
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def access(self) -> Access:
        return self.service.access

    @property
    def url(self) -> str:
        return f"http://localhost:{self.live.port}"

    def key(self, name: str, *scopes: str, models: tuple[str, ...] | None = None, **options: object) -> str:
        """Make a key and return its secret."""
        with calling(COMMAND_LINE):
            made = self.access.keys.create(name, scopes=scopes, models=models, **options)  # type: ignore[arg-type]
        self.secrets[name] = made.secret
        return made.secret

    def ask(self, method: str, path: str, secret: str | None = None, **options: object) -> httpx.Response:
        """Ask with a key, and wait for no more than the head of an answer that streams."""
        headers = dict(options.pop("headers", {}))  # type: ignore[call-overload]
        if secret is not None:
            headers["Authorization"] = f"Bearer {secret}"
        with self.live.http.stream(method, path, headers=headers, **options) as answer:  # type: ignore[arg-type]
            if "event-stream" not in answer.headers.get("content-type", ""):
                answer.read()
        return answer


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("keyed") / "data", require_keys=True)
    service = build_service(settings)
    with running(create_app(service, settings)) as live:
        server = Keyed(live, service, settings)
        for scope in ("ingest", "read", "admin"):
            server.key(scope, scope)
        server.key("bound", "admin", models=("mine",))
        for model in ("mine", "other"):
            body = {"model_id": model, "predictions": [{"prediction_id": "p", "features": {"x": 1.5}}]}
            sent = server.ask("POST", "/api/v1/predictions", server.secrets["ingest"], json=body)
            assert sent.status_code == 200
        server.ask("GET", "/api/v1/models?wait=20", server.secrets["read"])
        yield server
    service.close()
