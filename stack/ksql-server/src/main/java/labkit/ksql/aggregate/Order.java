package labkit.ksql.aggregate;

import static labkit.ksql.type.SqlType.BYTES;
import static labkit.ksql.type.SqlType.STRING;

import labkit.ksql.type.SqlType;

/** The order of values: of numbers, text, bytes and times. */
final class Order {
    private Order() {}

    static boolean has(SqlType type) {
        return type.isNumeric() || type.isTemporal() || type == STRING || type == BYTES;
    }

    @SuppressWarnings("unchecked")
    static int compare(Object a, Object b) {
        return ((Comparable<Object>) a).compareTo(b);
    }
}
