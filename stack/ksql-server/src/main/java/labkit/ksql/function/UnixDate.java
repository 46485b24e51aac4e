package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DATE;
import static labkit.ksql.type.SqlType.INTEGER;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;

final class UnixDate extends Builtin {
    UnixDate() {
        super("UNIX_DATE", "A DATE as days since 1970; without argument, today (UTC).",
                Signature.of(INTEGER, List.of(), in -> (int) LocalDate.now(ZoneOffset.UTC).toEpochDay()),
                Signature.of(INTEGER, List.of(DATE), in -> (int) ((LocalDate) in[0]).toEpochDay()));
    }
}
