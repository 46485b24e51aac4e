-- The ten articles that sold most in each hour, over all stores.
--
-- The hour is a key here, not a window: to group by article, events of all partitions are mixed, and those
-- of a store with little to do run days ahead of the others. A window would close on them, and drop the rest.
SET 'processing.guarantee' = 'exactly_once_v2';

CREATE TABLE IF NOT EXISTS sku_hourly WITH (KAFKA_TOPIC = 'sku_hourly', KEY_FORMAT = 'JSON') AS
SELECT
    ROWTIME - ROWTIME % 3600000    AS hour,
    sku,
    SUM(CAST(quantity AS BIGINT))  AS units
FROM sales
WHERE sale_id IS NOT NULL AND store_id IS NOT NULL
GROUP BY ROWTIME - ROWTIME % 3600000, sku
EMIT CHANGES;

-- When an article's units change, its old entry leaves the list and the new one comes in. Texts of equally
-- many digits sort as numbers do; of equally many units the later name is first.
CREATE TABLE IF NOT EXISTS top_skus WITH (KAFKA_TOPIC = 'top_skus') AS
SELECT
    hour,
    AS_VALUE(hour) AS window_start,
    SLICE(
        ARRAY_SORT(COLLECT_LIST(LPAD(CAST(GREATEST(units, CAST(0 AS BIGINT)) AS STRING), 10, '0') + ' ' + sku), 'DESC'),
        1, LEAST(10, CAST(COUNT(*) AS INT))
    ) AS top
FROM sku_hourly
GROUP BY hour
EMIT CHANGES;
