-- One row per sale, as the sink writes it: upsert on sale_id.
CREATE TABLE IF NOT EXISTS sales_raw (
    sale_id     text PRIMARY KEY,
    store_id    text NOT NULL,
    store_seq   bigint NOT NULL,
    sku         text NOT NULL,
    quantity    integer NOT NULL,
    unit_price  numeric(12, 3) NOT NULL,
    event_time  timestamptz NOT NULL,
    customer_id text,
    promotion   text,
    -- When the producer handed the event to Kafka (the record's timestamp).
    sent_at     timestamptz,
    -- When the row came into being here. An upsert of the same sale leaves it alone.
    loaded_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Rows arrive roughly in event-time order, so a tiny BRIN index serves time windows.
CREATE INDEX IF NOT EXISTS sales_raw_event_time ON sales_raw USING brin (event_time)
    WITH (pages_per_range = 32);
