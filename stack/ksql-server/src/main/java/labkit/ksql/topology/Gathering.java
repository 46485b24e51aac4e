package labkit.ksql.topology;

import java.util.List;
import labkit.ksql.aggregate.Accumulator;
import labkit.ksql.plan.Plan;
import labkit.ksql.serde.Key;
import labkit.ksql.type.SqlType;

/** Runs the aggregate functions of a query: one state each, side by side in an array. */
final class Gathering {
    private final Plan.Aggregation aggregation;
    private final Accumulator[] accumulators;
    private final int[] first;
    private final int[] end;
    private final ProcessingLog log;

    Gathering(Plan.Aggregation aggregation, ProcessingLog log) {
        this.aggregation = aggregation;
        this.log = log;
        List<Plan.Call> calls = aggregation.calls();
        accumulators = calls.stream().map(Plan.Call::accumulator).toArray(Accumulator[]::new);
        first = calls.stream().mapToInt(Plan.Call::first).toArray();
        end = calls.stream().mapToInt(Plan.Call::end).toArray();
    }

    List<SqlType> stateTypes() {
        return aggregation.calls().stream().map(call -> call.accumulator().stateType()).toList();
    }

    Object[] initial() {
        Object[] states = new Object[accumulators.length];
        for (int i = 0; i < states.length; i++) {
            states[i] = accumulators[i].initial();
        }
        return states;
    }

    Object[] add(Key key, Object[] arguments, Object[] states) {
        return change(arguments, states, Accumulator::add);
    }

    Object[] remove(Key key, Object[] arguments, Object[] states) {
        return change(arguments, states, Accumulator::remove);
    }

    @FunctionalInterface
    private interface Change {
        Object of(Accumulator accumulator, Object state, Object[] arguments);
    }

    /** Hands each function its arguments. One that fails keeps its state. */
    private Object[] change(Object[] arguments, Object[] states, Change change) {
        Object[] next = states.clone();
        for (int i = 0; i < next.length; i++) {
            try {
                next[i] = change.of(accumulators[i], states[i], slice(arguments, i));
            } catch (RuntimeException error) {
                log.failed(aggregation.calls().get(i).text(), arguments, error);
            }
        }
        return next;
    }

    Object[] merge(Key key, Object[] earlier, Object[] later) {
        Object[] next = new Object[accumulators.length];
        for (int i = 0; i < next.length; i++) {
            try {
                next[i] = accumulators[i].merge(earlier[i], later[i]);
            } catch (RuntimeException error) {
                log.failed(aggregation.calls().get(i).text(), earlier, error);
                next[i] = earlier[i];
            }
        }
        return next;
    }

    private Object[] slice(Object[] arguments, int call) {
        int length = end[call] - first[call];
        if (length == arguments.length) {
            return arguments;
        }
        Object[] slice = new Object[length];
        System.arraycopy(arguments, first[call], slice, 0, length);
        return slice;
    }

    /** The row after the aggregation, as {@link Plan.Aggregation#scope} describes it. */
    Object[] row(Key key, Object[] states, long timestamp, long windowStart, long windowEnd) {
        Object[] row = new Object[aggregation.scope().width()];
        int next = 0;
        for (Object column : key.columns()) {
            row[next++] = column;
        }
        for (int i = 0; i < states.length; i++) {
            try {
                row[next] = accumulators[i].result(states[i]);
            } catch (RuntimeException error) {
                log.failed(aggregation.calls().get(i).text(), states, error);
            }
            next++;
        }
        row[next++] = timestamp;
        if (aggregation.window() != null) {
            row[next++] = windowStart;
            row[next] = windowEnd;
        }
        return row;
    }
}
