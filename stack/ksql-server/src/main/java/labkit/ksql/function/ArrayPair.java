package labkit.ksql.function;

import java.util.List;
import java.util.function.BinaryOperator;

/** The overload of functions that make an array of two arrays of the same type. */
final class ArrayPair {
    private ArrayPair() {}

    static Signature signature(BinaryOperator<List<Object>> join) {
        return Signature.generic(Widening::common, List.of(Parameter.ARRAY, Parameter.ARRAY),
                types -> in -> join.apply(list(in[0]), list(in[1])));
    }

    @SuppressWarnings("unchecked")
    static List<Object> list(Object value) {
        return (List<Object>) value;
    }
}
