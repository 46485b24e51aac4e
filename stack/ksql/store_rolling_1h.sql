-- The last hour of each store, anew every ten minutes (hopping windows): each event is in six of them.
SET 'processing.guarantee' = 'exactly_once_v2';

CREATE TABLE IF NOT EXISTS store_rolling_1h WITH (KAFKA_TOPIC = 'store_rolling_1h') AS
SELECT
    store,
    AS_VALUE(store)                AS store_id,
    WINDOWSTART                    AS window_start,
    WINDOWEND                      AS window_end,
    COUNT(*)                       AS events,
    SUM(CAST(quantity AS BIGINT))  AS units,
    SUM(quantity * unit_price)     AS revenue
FROM sales
WINDOW HOPPING (SIZE 1 HOUR, ADVANCE BY 10 MINUTES, RETENTION 30 DAYS, GRACE PERIOD 1 DAY)
WHERE sale_id IS NOT NULL AND store_id IS NOT NULL
GROUP BY store
EMIT CHANGES;
