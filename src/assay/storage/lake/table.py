"""One Delta table: its newest version, and commits that either happen or do not."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Field, PostCommitHookProperties, Transaction
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from assay.domain.columns import Kind
from assay.errors import StorageError
from assay.storage.lake.canonical import fixed_fields, time_column
from assay.storage.lake.faults import reported
from assay.storage.lake.location import TableLocation
from assay.storage.lake.naming import column_name
from assay.storage.lake.snapshot import APP_ID, MODEL_KEY, NAME_KEY, Column, DataFile, Snapshot, read_snapshot

__all__ = ["LakeTable"]

_CONFIGURATION = {
    # Tombstones of files that compaction replaced would fill the checkpoints for a week.
    "delta.deletedFileRetentionDuration": "interval 1 hours",
    "delta.logRetentionDuration": "interval 1 hours",
}
# Checkpoints are made by tidy_log, which puts them on the disk before it deletes what they replace.
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
_CHECKPOINT_EVERY = 50
_SETTLED = 50_000_000  # nanoseconds within which two commits may leave the log folder the same time
_ATTEMPTS = 4


class LakeTable:
    """The table of one model and kind. Reads are safe from any thread; writes go inside :meth:`writing`.

    Parameters
    ----------
    location
        Where it lies, or will lie.
    model_id, kind
        What it holds.
    storage_options
        For deltalake.
    patience
        Seconds that a writer waits for another one.
    grace
        Microseconds that old commits are kept for readers that are listing them.
    """

    def __init__(
        self,
        location: TableLocation,
        model_id: str,
        kind: Kind,
        *,
        storage_options: Mapping[str, str] | None,
        patience: float,
        grace: int,
    ) -> None:
        self.location = location
        self.model_id = model_id
        self.kind = kind
        self.time_column = time_column(kind)
        self._options = dict(storage_options) if storage_options else None
        self._patience = patience
        self._grace = grace
        self._delta: DeltaTable | None = None
        self._snapshot = Snapshot()
        self._stamp = 0
        self._look = threading.RLock()  # guards the three fields above
        self._write = threading.RLock()

    def snapshot(self) -> Snapshot:
        """Return the newest version; one with version -1 if there is no table."""
        with self._look:
            seen, following = self.location.stamp(self._snapshot.version + 1)
            if seen == self._stamp and not following and (seen or self._snapshot.version < 0):
                return self._snapshot
            if not self.location.exists():
                self._delta, self._snapshot, self._stamp = None, Snapshot(), 0
                return self._snapshot
            with reported(f"Reading the log of {self.location.folder}"):
                self._snapshot = self._load()
            self._stamp = seen if time.time_ns() - seen > _SETTLED else 0
            return self._snapshot

    def _load(self) -> Snapshot:
        for attempt in range(_ATTEMPTS):
            try:
                if self._delta is None:
                    self._delta = DeltaTable(self.location.uri, storage_options=self._options)
                else:
                    self._delta.update_incremental()
                if self._snapshot.version == self._delta.version():
                    return self._snapshot
                return read_snapshot(self._delta, self.time_column)
            except TableNotFoundError:
                self._delta = None
                return Snapshot()
            except (OSError, DeltaError):
                # Old commits may be tidied away while they are being listed; a fresh look helps.
                self._delta = None
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.01 * attempt)
        raise AssertionError

    @contextlib.contextmanager
    def writing(self) -> Iterator[Snapshot]:
        """Be the table's only writer; the value is the newest version.

        Raises
        ------
        StorageUnavailable
            Another writer does not let go.
        """
        with self._write, contextlib.ExitStack() as held:
            with reported(f"Locking {self.location.folder}"):
                held.enter_context(self.location.writing(patience=self._patience))
            yield self.snapshot()

    def with_columns(self, types: Mapping[str, pa.DataType]) -> Snapshot:
        """Make the table if there is none, add the columns it lacks, and return the new version.

        Inside :meth:`writing`. Columns that are there keep their types.
        """
        before = self.snapshot()
        fields = []
        taken = [column.physical for column in before.columns.values()]
        for canonical, kind in {**fixed_fields(self.kind), **types}.items():
            if canonical not in before.columns:
                physical = column_name(canonical, taken)
                taken.append(physical)
                fields.append(pa.field(physical, kind, metadata={NAME_KEY: canonical}))
        if not fields:
            return before
        with self._look, reported(f"Adding columns to {self.location.folder}"):
            if before.version < 0:
                configuration = {**_CONFIGURATION, MODEL_KEY: self.model_id}
                self._delta = DeltaTable.create(
                    self.location.uri,
                    pa.schema(fields),
                    name=self.kind.value,
                    description=self.model_id,
                    configuration=configuration,
                    storage_options=self._options,
                    raise_if_key_not_exists=False,
                )
            else:
                added = [Field.from_arrow(field) for field in fields]
                self._current().alter.add_columns(added, post_commithook_properties=_NO_HOOKS)
        return self._after_commit()

    def commit(
        self,
        add: Sequence[AddAction],
        remove: Sequence[DataFile] = (),
        *,
        now: int,
        position: int | None = None,
        columns: Mapping[str, Column] | None = None,
        data_change: bool = True,
    ) -> Snapshot:
        """Add and remove files, and move the position, in one commit. Inside :meth:`writing`.

        Parameters
        ----------
        add, remove
            Files. With `columns`, `add` is the whole table and everything else is removed.
        now
            Microseconds since the epoch.
        position
            Where the table stands after it; None to leave it.
        columns
            The table's columns from now on, where one changes its type.
        data_change
            Whether removed rows are gone rather than moved.

        Raises
        ------
        StorageUnavailable
            Another writer came first, or the log cannot be written. The files in `add` are deleted.
        """
        transactions = [Transaction(APP_ID, position, now // 1000)] if position is not None else None
        mode = "append" if columns is None else "overwrite"
        actions: list[AddAction | RemoveAction] = list(add)
        if columns is None:
            actions += [RemoveAction(file.name, data_change, now // 1000, file.size, {}) for file in remove]
        known = columns or self.snapshot().columns
        schema = pa.schema(
            [pa.field(c.physical, c.type, metadata={NAME_KEY: c.canonical}) for c in known.values()]
        )
        try:
            with self._look, reported(f"Committing to {self.location.folder}"):
                self._current().create_write_transaction(
                    actions,
                    mode,
                    schema,
                    commit_properties=CommitProperties(app_transactions=transactions),
                    post_commithook_properties=_NO_HOOKS,
                )
        except StorageError:
            landed = self._landed(add, position)
            if landed is False:
                self.location.delete([action.path for action in add])
            if not landed:
                raise
        after = self._after_commit()
        self.location.touch([file.name for file in remove])
        if after.version % _CHECKPOINT_EVERY == 0:
            self.tidy_log(grace=self._grace)
        return after

    def tidy_log(self, *, grace: int) -> None:
        """Write a checkpoint and delete the commits before it that are older than `grace` microseconds.

        Inside :meth:`writing`. The position and all columns are in the checkpoint.
        """
        version = self.snapshot().version
        if version < 0:
            return
        checkpoints = self.location.log_names(".checkpoint.parquet")
        newest = f"{version:020d}.checkpoint.parquet"
        with self._look, reported(f"Writing a checkpoint of {self.location.folder}"):
            if newest not in checkpoints:
                self._current().create_checkpoint()
            self.location.sync(self.location.log_name(newest))
            self.location.sync(self.location.log_name("_last_checkpoint"))
            old = [name for name in self.location.log_names("") if int(name[:20]) < version]
            names = [self.location.log_name(name) for name in old]
            self.location.delete([name for name in names if self.location.age(name) >= grace])

    def _current(self) -> DeltaTable:
        if self._delta is None:
            self._delta = DeltaTable(self.location.uri, storage_options=self._options)
        return self._delta

    def _after_commit(self) -> Snapshot:
        self._stamp = 0
        after = self.snapshot()
        with reported(f"Syncing the log of {self.location.folder}"):
            self.location.sync(self.location.log_name(f"{after.version:020d}.json"))
        return after

    def _landed(self, add: Sequence[AddAction], position: int | None) -> bool | None:
        """Whether a commit that reported a failure happened all the same; None if that cannot be told."""
        try:
            self._stamp = 0
            after = self.snapshot()
        except StorageError:
            return None  # the files stay; if they are strays they are swept up later
        if add:
            return add[0].path in {file.name for file in after.files}
        return position is not None and after.position == position
