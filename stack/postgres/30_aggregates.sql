-- What stream SQL counted, as the sinks write it: upsert on window and store. Windows are columns here.
CREATE TABLE IF NOT EXISTS sales_hourly (
    window_start timestamptz NOT NULL,
    window_end   timestamptz NOT NULL,
    store_id     text NOT NULL,
    events       bigint NOT NULL,
    units        bigint NOT NULL,
    revenue      numeric(23, 3) NOT NULL,
    PRIMARY KEY (window_start, store_id)
);
CREATE TABLE IF NOT EXISTS sales_agg_minute (LIKE sales_hourly INCLUDING ALL);
CREATE TABLE IF NOT EXISTS store_rolling_1h (LIKE sales_hourly INCLUDING ALL);

-- The best sellers of an hour arrive as a list of texts, the best first: ten digits for the units, then the sku.
CREATE TABLE IF NOT EXISTS top_skus_lists (
    window_start timestamptz PRIMARY KEY,
    top          text[] NOT NULL
);
CREATE OR REPLACE VIEW top_skus AS
SELECT window_start, rank, substr(entry, 12) AS sku, left(entry, 10)::bigint AS units
FROM top_skus_lists, unnest(top) WITH ORDINALITY AS list (entry, rank)
WHERE left(entry, 10)::bigint > 0; -- more came back than went out
