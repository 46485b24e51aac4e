package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class Elt extends Builtin {
    Elt() {
        super("ELT", "The n-th of the strings behind n (1 is the first), or null if there is none.",
                Signature.of(STRING, List.of(INTEGER, STRING), in -> {
                    Integer n = (Integer) in[0];
                    return n == null || n < 1 || n >= in.length ? null : in[n];
                }).asVariadic().withNulls());
    }
}
