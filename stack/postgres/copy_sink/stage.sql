-- A private table without indexes: COPY fills it, the merge empties it into the real one.
CREATE TEMPORARY TABLE stage (LIKE {table}) ON COMMIT DELETE ROWS;
ALTER TABLE stage DROP COLUMN loaded_at;
