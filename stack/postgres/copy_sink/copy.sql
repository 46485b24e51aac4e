COPY stage (sale_id, store_id, store_seq, sku, quantity, unit_price, event_time,
            customer_id, promotion, sent_at) FROM STDIN (FORMAT binary)
