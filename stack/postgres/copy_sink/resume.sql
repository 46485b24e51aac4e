SELECT partition, next_offset FROM consumer_offsets WHERE consumer = %s AND topic_id = %s
