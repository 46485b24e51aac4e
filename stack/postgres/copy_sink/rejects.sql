INSERT INTO consumer_rejects (consumer, topic_id, partition, record_offset, value, why)
VALUES (%s, %s, %s, %s, %s, %s)
