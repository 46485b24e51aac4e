-- What each store sold in each hour (tumbling windows). An event counts as often as it was sent.
SET 'processing.guarantee' = 'exactly_once_v2'; -- after a crash nothing is counted twice

CREATE TABLE IF NOT EXISTS sales_hourly WITH (KAFKA_TOPIC = 'sales_hourly') AS
SELECT
    store,
    AS_VALUE(store)                AS store_id, -- the sink into the database reads values, not keys
    WINDOWSTART                    AS window_start,
    WINDOWEND                      AS window_end,
    COUNT(*)                       AS events,
    SUM(CAST(quantity AS BIGINT))  AS units,
    SUM(quantity * unit_price)     AS revenue
FROM sales
WINDOW TUMBLING (SIZE 1 HOUR, RETENTION 30 DAYS, GRACE PERIOD 1 DAY)
WHERE sale_id IS NOT NULL AND store_id IS NOT NULL
GROUP BY store
EMIT CHANGES;
