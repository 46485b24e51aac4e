package labkit.ksql.type;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A type of the language. Its values are these Java objects, or null:
 *
 * <p>BOOLEAN Boolean, INTEGER Integer, BIGINT Long, DOUBLE Double, DECIMAL BigDecimal (of exactly the
 * type's scale), STRING String, BYTES ByteBuffer (read-only position 0), TIMESTAMP Instant (whole
 * milliseconds), DATE LocalDate, TIME LocalTime (whole milliseconds), ARRAY List, MAP LinkedHashMap,
 * STRUCT {@link Struct}.
 */
public sealed interface SqlType {
    Primitive BOOLEAN = Primitive.BOOLEAN;
    Primitive INTEGER = Primitive.INTEGER;
    Primitive BIGINT = Primitive.BIGINT;
    Primitive DOUBLE = Primitive.DOUBLE;
    Primitive STRING = Primitive.STRING;
    Primitive BYTES = Primitive.BYTES;
    Primitive TIMESTAMP = Primitive.TIMESTAMP;
    Primitive DATE = Primitive.DATE;
    Primitive TIME = Primitive.TIME;

    /** Types without parameters. */
    enum Primitive implements SqlType { BOOLEAN, INTEGER, BIGINT, DOUBLE, STRING, BYTES, TIMESTAMP, DATE, TIME }

    /** An exact number of {@code precision} digits, {@code scale} of them behind the point. */
    record Decimal(int precision, int scale) implements SqlType {
        public Decimal {
            if (precision < 1 || scale < 0 || scale > precision) {
                throw new labkit.ksql.KsqlException("DECIMAL(" + precision + ", " + scale + "): the precision must be"
                        + " at least 1, and the scale between 0 and the precision.");
            }
        }

        @Override
        public String toString() {
            return "DECIMAL(" + precision + ", " + scale + ")";
        }
    }

    record Array(SqlType element) implements SqlType {
        @Override
        public String toString() {
            return "ARRAY<" + element + ">";
        }
    }

    record MapOf(SqlType key, SqlType value) implements SqlType {
        @Override
        public String toString() {
            return "MAP<" + key + ", " + value + ">";
        }
    }

    /** Named fields in order. */
    record StructOf(List<Field> fields) implements SqlType {
        public StructOf {
            fields = List.copyOf(fields);
        }

        /** Returns the position of a field, or -1. */
        public int indexOf(String name) {
            for (int i = 0; i < fields.size(); i++) {
                if (fields.get(i).name().equals(name)) {
                    return i;
                }
            }
            return -1;
        }

        @Override
        public String toString() {
            return fields.stream().map(f -> "`" + f.name() + "` " + f.type()).collect(Collectors.joining(", ", "STRUCT<", ">"));
        }
    }

    record Field(String name, SqlType type) {}

    /** True for INTEGER, BIGINT, DECIMAL and DOUBLE. */
    default boolean isNumeric() {
        return this == INTEGER || this == BIGINT || this == DOUBLE || this instanceof Decimal;
    }

    /** True for TIMESTAMP, DATE and TIME. */
    default boolean isTemporal() {
        return this == TIMESTAMP || this == DATE || this == TIME;
    }
}
