package labkit.ksql.topology;

import java.time.Instant;
import java.time.format.DateTimeFormatter;
import labkit.ksql.catalog.Column;
import labkit.ksql.catalog.Source;
import labkit.ksql.plan.Declarations;
import labkit.ksql.serde.Key;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.TimestampExtractor;

/** The time of a row: the record's own, or that of a column. */
final class RowTimestamp implements TimestampExtractor {
    private final String column;
    private final DateTimeFormatter format;
    private final int keyIndex;
    private final int valueIndex;
    private final ProcessingLog log;

    RowTimestamp(Source source, ProcessingLog log) {
        this.log = log;
        column = source.timestamp() == null ? null : source.timestamp().column();
        format = column == null || source.timestamp().format() == null ? null : Declarations.formatter(source.timestamp().format());
        keyIndex = source.schema().key().stream().map(Column::name).toList().indexOf(column);
        valueIndex = source.schema().value().stream().map(Column::name).toList().indexOf(column);
    }

    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
        if (column == null || record.value() == null) {
            return record.timestamp();
        }
        try {
            return millis(keyIndex >= 0 ? key(record.key()).columns().get(keyIndex) : ((Object[]) record.value())[valueIndex]);
        } catch (RuntimeException error) {
            log.skipped(record, "Unable to extract the timestamp from column `" + column + "`: " + error.getMessage());
            return -1; // Kafka Streams leaves such a record out
        }
    }

    /** Milliseconds since 1970 of a column's value. */
    private long millis(Object value) {
        return switch (value) {
            case null -> throw new IllegalArgumentException("it is null");
            case Long millis -> notNegative(millis);
            case Instant instant -> notNegative(instant.toEpochMilli());
            default -> notNegative(Times.parse(format, value.toString()));
        };
    }

    private static long notNegative(long millis) {
        if (millis < 0) {
            throw new IllegalArgumentException("it is before 1970: " + millis);
        }
        return millis;
    }

    /** For a row of which all columns are at hand. */
    long ofColumns(Key key, Object[] value) {
        return millis(keyIndex >= 0 ? key.columns().get(keyIndex) : value[valueIndex]);
    }

    private static Key key(Object key) {
        return (Key) (key instanceof Windowed<?> windowed ? windowed.key() : key);
    }
}
