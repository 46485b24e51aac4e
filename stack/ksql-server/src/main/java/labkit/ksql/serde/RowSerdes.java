package labkit.ksql.serde;

import java.io.IOException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** Kafka's serializers and deserializers on top of a {@link RowCodec}. */
public final class RowSerdes {
    private RowSerdes() {}

    public static Serde<Object[]> values(RowCodec codec) {
        return Serdes.serdeFrom(
                (topic, row) -> row == null ? null : encode(codec, row),
                (topic, bytes) -> bytes == null ? null : decode(codec, bytes));
    }

    public static Serde<Key> keys(RowCodec codec) {
        return Serdes.serdeFrom(
                (topic, key) -> key == null ? null : encode(codec, key.columns().toArray()),
                (topic, bytes) -> {
                    Object[] row = bytes == null ? null : decode(codec, bytes);
                    return row == null ? null : Key.of(row);
                });
    }

    private static byte[] encode(RowCodec codec, Object[] row) {
        try {
            return codec.encode(row);
        } catch (IOException | RuntimeException error) {
            throw new SerializationException("Cannot write the row: " + error.getMessage(), error);
        }
    }

    private static Object[] decode(RowCodec codec, byte[] bytes) {
        try {
            return codec.decode(bytes);
        } catch (IOException | RuntimeException error) {
            throw new SerializationException("Cannot read the record: " + error.getMessage(), error);
        }
    }
}
