package labkit.ksql.aggregate;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.BYTES;

import com.dynatrace.hash4j.distinctcount.HyperLogLog;
import com.dynatrace.hash4j.hashing.Hashing;
import java.nio.ByteBuffer;
import java.util.List;
import labkit.ksql.function.Json;
import labkit.ksql.type.SqlType;

final class CountDistinct extends Builtin {
    /** 2^12 registers: a standard error of 1.6 %. */
    private static final int PRECISION = 12;

    CountDistinct() {
        super("COUNT_DISTINCT", "Estimates (HyperLogLog, about 2 % off) how many different values there are.",
                "COUNT_DISTINCT(column)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        only(types, type -> true);
        return new Estimating();
    }

    private record Estimating() implements Accumulator {
        @Override
        public SqlType stateType() {
            return BYTES;
        }

        @Override
        public SqlType resultType() {
            return BIGINT;
        }

        @Override
        public Object initial() {
            return null;
        }

        @Override
        public Object add(Object state, Object[] arguments) {
            if (arguments[0] == null) {
                return state;
            }
            HyperLogLog sketch = sketch(state);
            sketch.add(Hashing.xxh3_64().hashCharsToLong(Json.text(arguments[0])));
            ByteBuffer changed = ByteBuffer.wrap(sketch.getState());
            return changed.equals(state) ? state : changed;
        }

        @Override
        public Object merge(Object earlier, Object later) {
            if (earlier == null || later == null) {
                return earlier == null ? later : earlier;
            }
            return ByteBuffer.wrap(sketch(earlier).add(sketch(later)).getState());
        }

        @Override
        public Object result(Object state) {
            return state == null ? 0L : Math.round(sketch(state).getDistinctCountEstimate());
        }

        /** Returns a sketch of its own, since sketches are changed in place. */
        private static HyperLogLog sketch(Object state) {
            if (state == null) {
                return HyperLogLog.create(PRECISION);
            }
            ByteBuffer buffer = ((ByteBuffer) state).duplicate();
            byte[] registers = new byte[buffer.remaining()];
            buffer.get(registers);
            return HyperLogLog.wrap(registers);
        }
    }
}
