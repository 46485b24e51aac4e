package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DATE;
import static labkit.ksql.type.SqlType.INTEGER;

import java.time.LocalDate;
import java.util.List;

final class FromDays extends Builtin {
    FromDays() {
        super("FROM_DAYS", "The DATE of days since 1970.",
                Signature.of(DATE, List.of(INTEGER), in -> LocalDate.ofEpochDay((Integer) in[0])));
    }
}
