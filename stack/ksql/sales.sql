-- The events of topic sales as a stream. Its time is the event's own, not that of its arrival.
CREATE STREAM IF NOT EXISTS sales (
    store       STRING KEY, -- the record's key: the id of the store once more
    sale_id     STRING,
    store_id    STRING,
    store_seq   BIGINT,
    sku         STRING,
    quantity    INT,
    unit_price  DECIMAL(12, 3),
    event_time  STRING,
    customer_id STRING,
    promotion   STRING
) WITH (
    KAFKA_TOPIC = 'sales',
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    TIMESTAMP = 'event_time',
    TIMESTAMP_FORMAT = 'yyyy-MM-dd''T''HH:mm:ss.SSSX'
);
