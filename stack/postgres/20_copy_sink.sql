-- What lablib.copy_sink keeps beside its rows, so that one transaction holds both.
-- A topic is known by Kafka's id: one that is deleted and made anew begins at offset 0 again.
CREATE TABLE IF NOT EXISTS consumer_offsets (
    consumer    text NOT NULL,
    topic_id    text NOT NULL,
    partition   integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (consumer, topic_id, partition)
);

-- Events that are no sale, with the place in the topic that they came from.
CREATE TABLE IF NOT EXISTS consumer_rejects (
    consumer      text NOT NULL,
    topic_id      text NOT NULL,
    partition     integer NOT NULL,
    record_offset bigint NOT NULL,
    value         bytea,
    why           text NOT NULL,
    PRIMARY KEY (consumer, topic_id, partition, record_offset)
);
