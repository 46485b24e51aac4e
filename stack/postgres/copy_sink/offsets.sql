INSERT INTO consumer_offsets (consumer, topic_id, partition, next_offset) VALUES (%s, %s, %s, %s)
ON CONFLICT (consumer, topic_id, partition) DO UPDATE SET next_offset = excluded.next_offset
