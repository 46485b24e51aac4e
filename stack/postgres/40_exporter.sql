-- What lablib.exporter needs: which rows came into being since it last looked, at any size of the table.
-- A B-tree: a BRIN index knows nothing of the newest pages, and those are all that is ever asked for.
CREATE INDEX IF NOT EXISTS sales_raw_loaded_at ON sales_raw (loaded_at);

-- Up to when it has counted rows, in its one row, so that it goes on there after a restart.
CREATE TABLE IF NOT EXISTS exporter_position (
    counted_until timestamptz NOT NULL,
    only_row      boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
