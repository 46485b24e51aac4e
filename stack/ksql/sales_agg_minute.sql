-- What each store sold in each minute: for charts of the last hour.
SET 'processing.guarantee' = 'exactly_once_v2';

CREATE TABLE IF NOT EXISTS sales_agg_minute WITH (KAFKA_TOPIC = 'sales_agg_minute') AS
SELECT
    store,
    AS_VALUE(store)                AS store_id,
    WINDOWSTART                    AS window_start,
    WINDOWEND                      AS window_end,
    COUNT(*)                       AS events,
    SUM(CAST(quantity AS BIGINT))  AS units,
    SUM(quantity * unit_price)     AS revenue
FROM sales
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 30 DAYS, GRACE PERIOD 1 DAY)
WHERE sale_id IS NOT NULL AND store_id IS NOT NULL
GROUP BY store
EMIT CHANGES;
