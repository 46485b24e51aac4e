package labkit.ksql.serde;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.Struct;

/**
 * Rows as only this server reads them: in state stores and in repartition and changelog topics. Small and
 * quick to read; a byte in front of each value tells whether it is null.
 */
public final class InternalCodec implements RowCodec {
    private final SqlType[] types;

    public InternalCodec(List<SqlType> types) {
        this.types = types.toArray(SqlType[]::new);
    }

    @Override
    public byte[] encode(Object[] row) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
        DataOutputStream to = new DataOutputStream(bytes);
        for (int i = 0; i < types.length; i++) {
            write(row[i], types[i], to);
        }
        return bytes.toByteArray();
    }

    @Override
    public Object[] decode(byte[] bytes) throws IOException {
        DataInputStream from = new DataInputStream(new ByteArrayInputStream(bytes));
        Object[] row = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            row[i] = read(types[i], from);
        }
        return row;
    }

    private static void write(Object value, SqlType type, DataOutputStream to) throws IOException {
        to.writeBoolean(value != null);
        if (value == null) {
            return;
        }
        switch (type) {
            case SqlType.Decimal d -> bytes(((BigDecimal) value).unscaledValue().toByteArray(), to);
            case SqlType.Array array -> {
                List<?> list = (List<?>) value;
                to.writeInt(list.size());
                for (Object element : list) {
                    write(element, array.element(), to);
                }
            }
            case SqlType.MapOf map -> {
                Map<?, ?> entries = (Map<?, ?>) value;
                to.writeInt(entries.size());
                for (Map.Entry<?, ?> entry : entries.entrySet()) {
                    write(entry.getKey(), map.key(), to);
                    write(entry.getValue(), map.value(), to);
                }
            }
            case SqlType.StructOf struct -> {
                for (int i = 0; i < struct.fields().size(); i++) {
                    write(((Struct) value).values().get(i), struct.fields().get(i).type(), to);
                }
            }
            case SqlType.Primitive p -> {
                switch (p) {
                    case BOOLEAN -> to.writeBoolean((Boolean) value);
                    case INTEGER -> to.writeInt((Integer) value);
                    case BIGINT -> to.writeLong((Long) value);
                    case DOUBLE -> to.writeDouble((Double) value);
                    case STRING -> bytes(((String) value).getBytes(StandardCharsets.UTF_8), to);
                    case BYTES -> {
                        ByteBuffer buffer = ((ByteBuffer) value).duplicate();
                        byte[] copy = new byte[buffer.remaining()];
                        buffer.get(copy);
                        bytes(copy, to);
                    }
                    case TIMESTAMP -> to.writeLong(((Instant) value).toEpochMilli());
                    case DATE -> to.writeLong(((LocalDate) value).toEpochDay());
                    case TIME -> to.writeLong(((LocalTime) value).toNanoOfDay());
                }
            }
        }
    }

    private static void bytes(byte[] bytes, DataOutputStream to) throws IOException {
        to.writeInt(bytes.length);
        to.write(bytes);
    }

    private static Object read(SqlType type, DataInputStream from) throws IOException {
        if (!from.readBoolean()) {
            return null;
        }
        return switch (type) {
            case SqlType.Decimal d -> new BigDecimal(new BigInteger(bytes(from)), d.scale());
            case SqlType.Array array -> {
                int size = from.readInt();
                List<Object> list = new ArrayList<>(size);
                for (int i = 0; i < size; i++) {
                    list.add(read(array.element(), from));
                }
                yield list;
            }
            case SqlType.MapOf map -> {
                int size = from.readInt();
                Map<Object, Object> entries = new LinkedHashMap<>();
                for (int i = 0; i < size; i++) {
                    Object key = read(map.key(), from);
                    entries.put(key, read(map.value(), from));
                }
                yield entries;
            }
            case SqlType.StructOf struct -> {
                List<Object> values = new ArrayList<>(struct.fields().size());
                for (SqlType.Field field : struct.fields()) {
                    values.add(read(field.type(), from));
                }
                yield new Struct(struct, values);
            }
            case SqlType.Primitive p -> switch (p) {
                case BOOLEAN -> from.readBoolean();
                case INTEGER -> from.readInt();
                case BIGINT -> from.readLong();
                case DOUBLE -> from.readDouble();
                case STRING -> new String(bytes(from), StandardCharsets.UTF_8);
                case BYTES -> ByteBuffer.wrap(bytes(from));
                case TIMESTAMP -> Instant.ofEpochMilli(from.readLong());
                case DATE -> LocalDate.ofEpochDay(from.readLong());
                case TIME -> LocalTime.ofNanoOfDay(from.readLong());
            };
        };
    }

    private static byte[] bytes(DataInputStream from) throws IOException {
        return from.readNBytes(from.readInt());
    }
}
