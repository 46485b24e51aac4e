package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.stream.Collectors;
import labkit.ksql.type.Conversion;

final class ArrayJoin extends Builtin {
    ArrayJoin() {
        super("ARRAY_JOIN", "The elements of an array as one string, with commas or another delimiter between them.",
                Signature.generic(types -> STRING, List.of(Ordered.ARRAY), types -> in -> join(in[0], ",")),
                Signature.generic(types -> STRING, List.of(Ordered.ARRAY, Parameter.of(STRING)),
                        types -> in -> join(in[0], (String) in[1])));
    }

    private static String join(Object list, String delimiter) {
        return ((List<?>) list).stream().map(each -> String.valueOf(Conversion.text(each)))
                .collect(Collectors.joining(delimiter));
    }
}
