package labkit.ksql.function;

import java.util.Comparator;
import java.util.List;
import labkit.ksql.type.SqlType;

/** The overload of GREATEST and LEAST. */
final class Extremes {
    private static final Parameter ORDERED = new Parameter("primitive type", null, Ordered::isOrdered);

    private Extremes() {}

    /** @param order the wanted value comes first in it */
    static Signature signature(Comparator<Object> order) {
        return Signature.generic(Widening::common, List.of(ORDERED, ORDERED), types -> {
            SqlType type = Widening.common(types);
            return in -> {
                Object best = null;
                for (Object argument : in) {
                    Object value = Widening.widen(argument, type);
                    if (value != null && (best == null || order.compare(value, best) < 0)) {
                        best = value;
                    }
                }
                return best;
            };
        }).asVariadic().withNulls();
    }
}
