"""Opening a database so that a kill at any moment leaves the old state or the new, never a half.

SQLite's driver is told to leave transactions to us: by itself it begins none for DDL, so each
table would be committed alone and a kill would leave half a schema behind. A writer begins with
``BEGIN IMMEDIATE`` (it queues, it never fails half-way on a lock), a reader with ``BEGIN`` (it
sees one state and blocks nobody).
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from haidang.base.errors import BadData, Unavailable
from haidang.base.problem import Problem
from haidang.edge.store.tables import version

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Every schema that this program knows, oldest first; the last one is the one it works with."""

_DRIVER: Final = "postgresql+psycopg"
_MAGIC: Final = b"SQLite format 3\0"
_MIGRATING: Final = 0x48616944
"""Name of the lock, among all of a PostgreSQL, under which one program at a time makes tables."""
_WRITE: Final = "haidang_write"
_BREATH_S: Final = 0.01
_SAID: Final = (
    ("not a database", "store.not_a_database"),
    ("malformed", "store.corrupt"),
    ("locked", "store.locked"),
    ("readonly", "store.read_only"),
    ("read-only", "store.read_only"),
    ("unable to open", "store.cannot_open"),
    ("is full", "store.full"),
)


class Database:
    """An engine that is known to carry the schema of this program.

    Attributes:
        name: The file, or the address without its password: what problems are told about.
    """

    def __init__(
        self,
        path_or_url: str | Path,
        *,
        busy_s: float = 5.0,
        check: bool = True,
        create: bool = True,
    ) -> None:
        """Open, look for damage, migrate if need be.

        Args:
            path_or_url: A file, ``:memory:``, or a database address with ``://`` in it.
            busy_s: How long a writer waits for another, s.
            check: Whether SQLite looks through the whole file (about 1 s per GB).
            create: Whether to make or migrate what is not this program's newest schema; else it
                is refused, and not a byte is written.

        Raises:
            Unavailable: The folder is missing or read-only, the file is no database, damaged,
                locked, half-made, or newer than this program.
        """
        url = _address(path_or_url)
        self.sqlite = url.get_backend_name() == "sqlite"
        memory = self.sqlite and (url.database or ":memory:") == ":memory:"
        self.name = (url.database or "") if self.sqlite else url.render_as_string()
        if self.sqlite and not memory:
            _writable(Path(self.name))
            if not create and not _begins_like_sqlite(Path(self.name)):
                raise Unavailable(Problem("store.not_a_database", {}, file=self.name))
        try:
            self._engine = _engine(url, memory=memory, busy_s=busy_s)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise Unavailable(Problem("store.driver", {"detail": error}, file=self.name)) from error
        try:
            self._open(busy_s, check=check and self.sqlite and not memory, create=create)
        except BaseException:
            self._engine.dispose()
            raise

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One state of the database, for as long as the block lasts."""
        engine = self._engine
        if not self.sqlite:  # SQLite's readers see one state anyway
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with self._told(), engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """All of the block or nothing; one writer at a time.

        Raises:
            Unavailable: Locked, full, damaged, or its connection was lost: nothing was written.
            BadData: A row contradicts the schema (``store.inconsistent``): nothing was written.
        """
        engine = self._engine.execution_options(**{_WRITE: True})
        with self._told(), engine.begin() as connection:
            connection.execute(select(version.c.version_num).with_for_update())
            yield connection

    def scrub(self) -> None:
        """Take what was erased off the disk as well: out of SQLite's journal, as far as it goes.

        A reader that is under way keeps the journal until it has finished; the next write after
        it does the same.
        """
        if self.sqlite:
            with self._told(), self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                connection.rollback()
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            raise BadData(
                Problem("store.inconsistent", {"detail": error.orig}, file=self.name)
            ) from error
        except DBAPIError as error:
            raise Unavailable(_problem(str(error.orig), self.name)) from error
        except sqlite3.Error as error:  # while connecting, before SQLAlchemy wraps anything
            raise Unavailable(_problem(str(error), self.name)) from error

    def _open(self, busy_s: float, *, check: bool, create: bool) -> None:
        with self._told():
            if self.sqlite and create:
                self._write_ahead(busy_s)
            if check and (damage := self._damage()):
                raise Unavailable(Problem("store.corrupt", {"detail": damage}, file=self.name))
            if self._revision() == REVISIONS[-1]:
                return
            if not create:
                with self._engine.connect() as connection:
                    self._known(connection)
                raise Unavailable(Problem("store.older", {"known": REVISIONS[-1]}, file=self.name))
            engine = self._engine.execution_options(**{_WRITE: True})
            with engine.begin() as connection:
                if not self.sqlite:  # SQLite's writers queue already
                    connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
                if self._known(connection) != REVISIONS[-1]:  # another may have, while we queued
                    migrate(connection)

    def _write_ahead(self, busy_s: float) -> None:
        """The journal mode is a property of the file, not of a connection: set once.

        SQLite does not wait for a lock here as it does elsewhere, so we do.
        """
        latest = time.monotonic() + busy_s
        raw = self._engine.raw_connection()
        try:
            cursor = raw.cursor()
            while cursor.execute("PRAGMA journal_mode").fetchone()[0] == "delete":
                try:
                    cursor.execute("PRAGMA journal_mode = WAL")
                except sqlite3.OperationalError as error:
                    if "locked" not in str(error) or time.monotonic() > latest:
                        raise
                    time.sleep(_BREATH_S)
            cursor.close()
        finally:
            raw.close()

    def _damage(self) -> str:
        with self._engine.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            return "" if found == "ok" else str(found).replace("\n", "; ")

    def _revision(self) -> str | None:
        """One query when all is well; None when there is no version to read."""
        try:
            with self._engine.connect() as connection:
                return connection.execute(select(version.c.version_num)).scalar_one_or_none()
        except DBAPIError:
            with self._engine.connect() as connection:
                if inspect(connection).has_table(version.name):
                    raise
            return None

    def _known(self, connection: Connection) -> str | None:
        """The schema's version, None of an empty database; refuses one that is not ours."""
        names = inspect(connection).get_table_names()
        found: str | None = None
        if version.name in names:
            found = connection.execute(select(version.c.version_num)).scalar_one_or_none()
        if found is None and names:
            raise Unavailable(
                Problem("store.no_version", {"tables": ", ".join(sorted(names))}, file=self.name)
            )
        if found is not None and found not in REVISIONS:
            raise Unavailable(
                Problem("store.newer", {"found": found, "known": REVISIONS[-1]}, file=self.name)
            )
        return found


def migrate(connection: Connection) -> None:
    """Bring a database to the newest revision, inside the transaction that the caller began."""
    # Imported here: Alembic costs a second, and only a new or an old store needs it.
    from alembic import command  # noqa: PLC0415

    command.upgrade(config(connection), "head")


def config(connection: Connection | None = None) -> Any:
    """Alembic's configuration, without a file: it works from an installed wheel."""
    from alembic.config import Config  # noqa: PLC0415

    settings = Config()
    folder = Path(__file__).parent / "migrations"
    settings.set_main_option("script_location", str(folder).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _address(path_or_url: str | Path) -> URL:
    text = os.fspath(path_or_url)
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise Unavailable(Problem("store.address", {})) from error
    # SQLAlchemy would take another driver than the one this program is tested with.
    return url.set(drivername=_DRIVER) if url.drivername == "postgresql" else url


def _writable(file: Path) -> None:
    folder = file.parent
    if not folder.is_dir():
        raise Unavailable(Problem("store.no_folder", {"folder": folder}, file=str(file)))
    if file.is_dir():
        raise Unavailable(Problem("store.cannot_open", {"detail": "folder"}, file=str(file)))
    # SQLite keeps its journal beside the file, so a writable file in a read-only folder is no use.
    if not os.access(folder, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        raise Unavailable(Problem("store.read_only", {"detail": folder}, file=str(file)))


def _begins_like_sqlite(file: Path) -> bool:
    """Whether SQLite made this file; an empty one it would take for a database of its own."""
    try:
        with file.open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def _engine(url: URL, *, memory: bool, busy_s: float) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if memory:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url, connect_args={"timeout": busy_s})

    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _record: Any) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_s * 1000)}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        write = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _problem(detail: str, name: str) -> Problem:
    code = next((code for said, code in _SAID if said in detail), "store.failed")
    return Problem(code, {"detail": detail}, file=name)
