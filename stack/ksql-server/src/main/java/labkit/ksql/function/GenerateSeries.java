package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.INTEGER;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import labkit.ksql.KsqlException;
import labkit.ksql.type.SqlType;

final class GenerateSeries extends Builtin {
    private static final int LIMIT = 1_000_000;

    GenerateSeries() {
        super("GENERATE_SERIES",
                "An array of the numbers from start to end, both included, in steps (of 1 or -1, if not given).",
                Signature.of(new SqlType.Array(INTEGER), List.of(INTEGER, INTEGER), in -> integers(in, (Integer) in[0] > (Integer) in[1] ? -1 : 1)),
                Signature.of(new SqlType.Array(INTEGER), List.of(INTEGER, INTEGER, INTEGER),
                        in -> integers(in, (Integer) in[2])),
                Signature.of(new SqlType.Array(BIGINT), List.of(BIGINT, BIGINT), in -> longs(in, (Long) in[0] > (Long) in[1] ? -1 : 1)),
                Signature.of(new SqlType.Array(BIGINT), List.of(BIGINT, BIGINT, INTEGER),
                        in -> longs(in, (Integer) in[2])));
    }

    private static List<Integer> integers(Object[] in, int step) {
        return longs(new Object[] {((Integer) in[0]).longValue(), ((Integer) in[1]).longValue()}, step).stream()
                .map(Long::intValue).collect(Collectors.toList());
    }

    private static List<Long> longs(Object[] in, int step) {
        long start = (Long) in[0];
        long end = (Long) in[1];
        if (step == 0 || Long.signum(end - start) * (long) step < 0) {
            throw new KsqlException("GENERATE_SERIES: steps of " + step + " do not lead from " + start + " to "
                    + end + ".");
        }
        long count = (end - start) / step + 1;
        if (count > LIMIT) {
            throw new KsqlException("GENERATE_SERIES: " + count + " numbers are more than " + LIMIT + ".");
        }
        return LongStream.range(0, count).map(i -> start + i * step).boxed().collect(Collectors.toList());
    }
}
