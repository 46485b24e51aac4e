package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;
import static labkit.ksql.type.SqlType.TIMESTAMP;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;

final class ConvertTz extends Builtin {
    ConvertTz() {
        super("CONVERT_TZ", "Sets a TIMESTAMP's clock from one zone's time to another's.",
                Signature.of(TIMESTAMP, List.of(TIMESTAMP, STRING, STRING), in ->
                        ((Instant) in[0]).atZone(ZoneOffset.UTC)
                                .withZoneSameLocal(TimeFormat.zone(in[1])).withZoneSameInstant(TimeFormat.zone(in[2]))
                                .withZoneSameLocal(ZoneOffset.UTC).toInstant()));
    }
}
