package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DATE;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class FormatDate extends Builtin {
    FormatDate() {
        super("FORMAT_DATE", "A DATE as text in a pattern.",
                Signature.of(STRING, List.of(DATE, STRING), in -> TimeFormat.of(in[1]).format(in[0])));
    }
}
