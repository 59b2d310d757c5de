"""The registry in SQL."""

from __future__ import annotations

from sqlalchemy import select

from assay.domain.finding import Finding
from assay.domain.model import Model
from assay.storage.sql.engine import Database
from assay.storage.sql.model_rows import finding_of, model_of, put_models
from assay.storage.sql.tables import analyses, digest, findings, models

__all__ = ["SqlRegistry"]


class SqlRegistry:
    """:class:`assay.ports.registry.Registry` in a SQL database.

    Parameters
    ----------
    database : where the registry is; stays open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, model_id: str) -> Model | None:
        """Return the model, or None."""
        with self._database.read() as connection:
            row = connection.execute(
                select(models).where(models.c.model_key == digest(model_id))
            ).one_or_none()
        return None if row is None else model_of(row)

    def models(self, *, after: str = "", limit: int = 1_000) -> list[Model]:
        """Models in order of their names, those after `after` first."""
        name = models.c.model_id
        statement = select(models).where(name > after).order_by(name).limit(limit)
        with self._database.read() as connection:
            return [model_of(row) for row in connection.execute(statement)]

    def put(self, model: Model) -> None:
        """Store the model, replacing what was stored."""
        with self._database.write() as connection:
            put_models(connection, self._database, [model])

    def findings(self, model_id: str) -> list[Finding]:
        """Findings about the model, the last seen first."""
        statement = select(findings).where(findings.c.model_key == digest(model_id))
        with self._database.read() as connection:
            found = [finding_of(row) for row in connection.execute(statement)]
        return sorted(found, key=lambda finding: (-finding.last_seen, finding.kind, finding.subject))

    def put_analysis(
        self, analysis_id: str, model_id: str, *, kind: str, created_at: int, payload: bytes
    ) -> None:
        """Keep an analysis under its id, replacing the one that has it."""
        statement = self._database.insert(analyses).values(
            key=digest(analysis_id),
            analysis_id=analysis_id,
            model_key=digest(model_id),
            model_id=model_id,
            kind=kind,
            created_at=created_at,
            payload=payload,
        )
        fields = ("model_key", "model_id", "kind", "created_at", "payload")
        statement = statement.on_conflict_do_update(
            index_elements=[analyses.c.key], set_={field: statement.excluded[field] for field in fields}
        )
        with self._database.write() as connection:
            connection.execute(statement)

    def latest_analysis(self, model_id: str, *, kind: str) -> bytes | None:
        """Return the newest analysis of that kind, or None."""
        table = analyses.c
        statement = (
            select(table.payload)
            .where(table.model_key == digest(model_id), table.kind == kind)
            .order_by(table.created_at.desc(), table.analysis_id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.execute(statement).scalar()
