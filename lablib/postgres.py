"""The database: how to connect, and the SQL files that make its tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from lablib.errors import LabError
from lablib.stack import Stack

if TYPE_CHECKING:
    from sqlalchemy import Engine


def engine(stack: Stack | None = None) -> Engine:
    """Return an SQLAlchemy engine for the lab's database.

    >>> pandas.read_sql("SELECT count(*) FROM sales_raw", engine())
    """
    from sqlalchemy import create_engine

    dsn = (stack or Stack()).env["POSTGRES_DSN"]
    return create_engine(dsn.replace("postgresql://", "postgresql+psycopg://", 1))


def connection(stack: Stack | None = None, *, autocommit: bool = False) -> psycopg.Connection:
    """Return a psycopg connection: needed for COPY and for notebooks that show transactions."""
    dsn = (stack or Stack()).env["POSTGRES_DSN"]
    return psycopg.connect(dsn, connect_timeout=5, autocommit=autocommit)


def apply_sql(stack: Stack) -> list[str]:
    """Run every ``stack/postgres/*.sql`` in order of name, each in one transaction.

    The files are written so that running them again changes nothing. Returns their names.

    Raises:
        LabError: names the file and what Postgres said.
    """
    files = sorted((stack.settings.stack_files / "postgres").glob("*.sql"))
    with connection(stack) as session:
        for file in files:
            _run_file(session, file)
    return [file.name for file in files]


def _run_file(session: psycopg.Connection, file: Path) -> None:
    try:
        with session.transaction():
            session.execute(file.read_bytes())
    except psycopg.Error as error:
        raise LabError(
            f"The SQL file {file.name} failed.", str(error).strip(), f"correct {file}, then lab up"
        ) from error
