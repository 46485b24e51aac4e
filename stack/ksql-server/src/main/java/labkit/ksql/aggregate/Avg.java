package labkit.ksql.aggregate;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.DOUBLE;
import static labkit.ksql.type.SqlType.INTEGER;

import java.util.Arrays;
import java.util.List;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.Struct;

final class Avg extends Builtin {
    Avg() {
        super("AVG", "The average of the values that are not null, as a DOUBLE.", "AVG(number)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        Summing sum = Summing.of(roomy(only(types, SqlType::isNumeric)));
        return new Averaging(sum, new SqlType.StructOf(
                List.of(new SqlType.Field("SUM", sum.stateType()), new SqlType.Field("COUNT", BIGINT))));
    }

    /** Returns a type for sums that do not overflow when the average does not. */
    private static SqlType roomy(SqlType type) {
        return type == INTEGER ? BIGINT
                : type instanceof SqlType.Decimal d ? new SqlType.Decimal(d.precision() + 19, d.scale()) : type;
    }

    private record Averaging(Summing sum, SqlType.StructOf stateType) implements Accumulator {
        @Override
        public SqlType resultType() {
            return DOUBLE;
        }

        @Override
        public Object initial() {
            return state(sum.initial(), 0L);
        }

        @Override
        public Object add(Object state, Object[] arguments) {
            return arguments[0] == null ? state
                    : state(sum.plus().apply(sum(state), arguments[0]), count(state) + 1);
        }

        @Override
        public Object merge(Object earlier, Object later) {
            return state(sum.plus().apply(sum(earlier), sum(later)), count(earlier) + count(later));
        }

        @Override
        public boolean canRemove() {
            return true;
        }

        @Override
        public Object remove(Object state, Object[] arguments) {
            return arguments[0] == null ? state
                    : state(sum.minus().apply(sum(state), arguments[0]), count(state) - 1);
        }

        @Override
        public Object result(Object state) {
            return count(state) == 0 ? 0.0 : ((Number) sum(state)).doubleValue() / count(state);
        }

        private Struct state(Object total, long count) {
            return new Struct(stateType, Arrays.asList(total, count));
        }

        private static Object sum(Object state) {
            return ((Struct) state).values().get(0);
        }

        private static long count(Object state) {
            return (Long) ((Struct) state).values().get(1);
        }
    }
}
