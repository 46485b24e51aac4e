package labkit.ksql.serde;

import java.nio.ByteBuffer;
import labkit.ksql.KsqlException;
import labkit.ksql.catalog.Column;
import labkit.ksql.type.SqlType;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** One column, as Kafka's own serializers write it. */
final class KafkaCodec implements RowCodec {
    private final Serde<Object> serde;

    @SuppressWarnings("unchecked")
    KafkaCodec(Column column) {
        Serde<?> found = switch (column.type()) {
            case SqlType.Primitive p -> switch (p) {
                case INTEGER -> Serdes.Integer();
                case BIGINT -> Serdes.Long();
                case DOUBLE -> Serdes.Double();
                case STRING -> Serdes.String();
                case BYTES -> Serdes.ByteBuffer();
                default -> null;
            };
            default -> null;
        };
        if (found == null) {
            throw new KsqlException("The 'KAFKA' format does not support type '" + column.type() + "', column: `" + column.name() + "`");
        }
        serde = (Serde<Object>) found;
    }

    @Override
    public byte[] encode(Object[] row) {
        Object value = row[0] instanceof ByteBuffer buffer ? buffer.duplicate() : row[0];
        return serde.serializer().serialize("", value);
    }

    @Override
    public Object[] decode(byte[] bytes) {
        return new Object[] {serde.deserializer().deserialize("", bytes)};
    }
}
