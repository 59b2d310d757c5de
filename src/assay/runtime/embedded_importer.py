"""Importing in process."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import Any

from assay.client.imports import LINES, PayloadsImporter
from assay.domain.imported import ImportAnswer
from assay.monitoring.intake.context import Context
from assay.monitoring.intake.imports.options import ImportOptions
from assay.monitoring.intake.imports.reading import Payload
from assay.monitoring.service import Service
from assay.runtime.embedded_sink import LIMITS
from assay.runtime.wiring import wall_clock

__all__ = ["EmbeddedImporter"]


class EmbeddedImporter(PayloadsImporter):
    """A monitor over a data folder that imports."""

    @abstractmethod
    def _open(self) -> AbstractContextManager[Service]:
        """Give the service, unless it was closed."""

    def _import(self, name: str, body: bytes, options: dict[str, Any], key: str) -> ImportAnswer:
        digest = hashlib.blake2b(repr((name, options)).encode("utf-8", "surrogatepass"), digest_size=16)
        digest.update(body)
        context = Context(now=wall_clock(), limits=LIMITS, idempotency_key=key, body_hash=digest.digest())
        payload = Payload(body=body, media_type=LINES)
        with self._open() as service:
            return service.begin_import(name, payload, ImportOptions(**options), context).answer()
