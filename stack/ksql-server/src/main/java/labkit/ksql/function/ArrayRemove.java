package labkit.ksql.function;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import labkit.ksql.type.SqlType;

final class ArrayRemove extends Builtin {
    ArrayRemove() {
        super("ARRAY_REMOVE", "An array without the elements that equal a value.",
                Signature.generic(types -> ArrayContains.element(types) == null ? null : types.get(0),
                        List.of(Parameter.ARRAY, Parameter.ANY),
                        types -> {
                            SqlType type = ArrayContains.element(types);
                            return in -> in[0] == null ? null : ((List<?>) in[0]).stream()
                                    .filter(each -> !ArrayContains.equal(each, in[1], type))
                                    .collect(Collectors.toCollection(ArrayList::new));
                        }).withNulls());
    }
}
