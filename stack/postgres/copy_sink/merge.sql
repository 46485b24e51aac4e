-- The same upsert as the JDBC sink's: a sale that comes again replaces its row.
INSERT INTO {table} AS t (sale_id, store_id, store_seq, sku, quantity, unit_price, event_time,
                          customer_id, promotion, sent_at)
SELECT sale_id, store_id, store_seq, sku, quantity, unit_price, event_time,
       customer_id, promotion, sent_at
FROM stage
ON CONFLICT (sale_id) DO UPDATE SET
    (store_id, store_seq, sku, quantity, unit_price, event_time, customer_id, promotion, sent_at) =
    ROW (excluded.store_id, excluded.store_seq, excluded.sku, excluded.quantity,
         excluded.unit_price, excluded.event_time, excluded.customer_id, excluded.promotion,
         excluded.sent_at)
