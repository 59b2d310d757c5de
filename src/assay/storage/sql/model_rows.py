"""Models and findings as rows: written by the registry and, with its position, by the profiler."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, case

from assay.domain.finding import Finding, FindingKind
from assay.domain.model import Model, ModelSettings, Task
from assay.storage.sql.engine import Database
from assay.storage.sql.tables import digest, findings, models

__all__ = ["finding_of", "model_of", "put_findings", "put_models"]


def put_models(connection: Connection, database: Database, changed: Sequence[Model]) -> None:
    """Store `changed`, replacing what was stored."""
    if not changed:
        return
    statement = database.insert(models)
    fields = ("task", "task_declared", "settings", "created_at", "reference_id")
    statement = statement.on_conflict_do_update(
        index_elements=[models.c.model_key], set_={field: statement.excluded[field] for field in fields}
    )
    rows = [
        {
            "model_key": digest(model.model_id),
            "model_id": model.model_id,
            "task": None if model.task is None else model.task.value,
            "task_declared": model.task_declared,
            "settings": json.dumps(model.settings.to_dict()),
            "created_at": model.created_at,
            "reference_id": model.reference_id,
        }
        for model in changed
    ]
    connection.execute(statement, rows)


def model_of(row: Row[Any]) -> Model:
    """Read a row of the table of models."""
    return Model(
        model_id=row.model_id,
        task=None if row.task is None else Task(row.task),
        task_declared=bool(row.task_declared),
        settings=ModelSettings.from_dict(json.loads(row.settings)),
        created_at=row.created_at,
        reference_id=row.reference_id,
    )


def put_findings(connection: Connection, database: Database, noticed: Sequence[Finding]) -> None:
    """Add `noticed` to what is stored: counts added up, the message and details of the last one seen kept."""
    if not noticed:
        return
    statement = database.insert(findings)
    new, old = statement.excluded, findings.c
    later = new.last_seen >= old.last_seen
    statement = statement.on_conflict_do_update(
        index_elements=[old.key],
        set_={
            "total": old.total + new.total,
            "first_seen": case((new.first_seen < old.first_seen, new.first_seen), else_=old.first_seen),
            "last_seen": case((later, new.last_seen), else_=old.last_seen),
            "message": case((later, new.message), else_=old.message),
            "details": case((later, new.details), else_=old.details),
        },
    )
    rows = [
        {
            "key": digest(finding.model_id, finding.kind, finding.subject),
            "model_key": digest(finding.model_id),
            "model_id": finding.model_id,
            "kind": finding.kind.value,
            "subject": finding.subject,
            "message": finding.message,
            "first_seen": finding.first_seen,
            "last_seen": finding.last_seen,
            "total": finding.count,
            "details": json.dumps(finding.details),
        }
        for finding in noticed
    ]
    connection.execute(statement, rows)


def finding_of(row: Row[Any]) -> Finding:
    """Read a row of the table of findings."""
    return Finding(
        model_id=row.model_id,
        kind=FindingKind(row.kind),
        subject=row.subject,
        message=row.message,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        count=row.total,
        details=json.loads(row.details),
    )
