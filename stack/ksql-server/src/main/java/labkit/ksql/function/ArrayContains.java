package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BOOLEAN;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import labkit.ksql.type.SqlType;

final class ArrayContains extends Builtin {
    ArrayContains() {
        super("ARRAY_CONTAINS", "Whether an element is in an array.",
                Signature.generic(types -> element(types) == null ? null : BOOLEAN,
                        List.of(Parameter.ARRAY, Parameter.ANY),
                        types -> {
                            SqlType type = element(types);
                            return in -> in[0] != null && ((List<?>) in[0]).stream()
                                    .anyMatch(each -> equal(each, in[1], type));
                        }).withNulls());
    }

    /** Returns the type in which elements and a single value are compared, or null if they cannot be. */
    static SqlType element(List<SqlType> types) {
        return types.get(0) instanceof SqlType.Array array
                ? Widening.common(Arrays.asList(array.element(), types.get(1))) : null;
    }

    static boolean equal(Object element, Object value, SqlType type) {
        return Objects.equals(Widening.widen(element, type), Widening.widen(value, type));
    }
}
