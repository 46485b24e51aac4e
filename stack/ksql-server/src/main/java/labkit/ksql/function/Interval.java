package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.TimeUnits;

/** A number of time units, as in TIMESTAMPADD(MINUTES, 5, ...). */
final class Interval {
    private Interval() {}

    /** Returns the overload of a function that moves a time by an interval, forward (1) or back (-1). */
    static Signature moves(SqlType type, int direction, BiFunction<Object, Duration, Object> move) {
        return Signature.of(type, List.of(STRING, INTEGER, type), in ->
                move.apply(in[2], TimeUnits.named((String) in[0]).getDuration().multipliedBy(direction * (long) (Integer) in[1])));
    }
}
