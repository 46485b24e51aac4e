package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class Stringtodate extends Builtin {
    Stringtodate() {
        super("STRINGTODATE", "Reads a date in a pattern as days since 1970.",
                Signature.of(INTEGER, List.of(STRING, STRING),
                        in -> (int) TimeFormat.of(in[1]).date(in[0]).toEpochDay()));
    }
}
