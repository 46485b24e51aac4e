package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;
import static labkit.ksql.type.SqlType.TIME;

import java.util.List;

final class FormatTime extends Builtin {
    FormatTime() {
        super("FORMAT_TIME", "A TIME as text in a pattern.",
                Signature.of(STRING, List.of(TIME, STRING), in -> TimeFormat.of(in[1]).format(in[0])));
    }
}
