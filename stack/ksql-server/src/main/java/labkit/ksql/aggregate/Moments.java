package labkit.ksql.aggregate;

import static labkit.ksql.type.SqlType.DOUBLE;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import labkit.ksql.type.SqlType;

/**
 * Keeps for one column x, or two columns x and y: how many rows, the means of x and y, and the sums of squares and
 * products of how far they are from the means (xx, yy, xy). Rows with a null are left out.
 */
record Moments(ToDoubleFunction<double[]> result) implements Accumulator {
    @Override
    public SqlType stateType() {
        return new SqlType.Array(DOUBLE);
    }

    @Override
    public SqlType resultType() {
        return DOUBLE;
    }

    @Override
    public Object initial() {
        return state(0, 0, 0, 0, 0, 0);
    }

    @Override
    public Object add(Object state, Object[] arguments) {
        return hasNull(arguments) ? state : add(numbers(state), x(arguments), y(arguments));
    }

    private static Object add(double[] m, double x, double y) {
        double n = m[0] + 1;
        double meanX = m[1] + (x - m[1]) / n;
        double meanY = m[2] + (y - m[2]) / n;
        return state(n, meanX, meanY, m[3] + (x - m[1]) * (x - meanX), m[4] + (y - m[2]) * (y - meanY),
                m[5] + (x - m[1]) * (y - meanY));
    }

    @Override
    public Object merge(Object earlier, Object later) {
        double[] a = numbers(earlier);
        double[] b = numbers(later);
        if (a[0] == 0 || b[0] == 0) {
            return a[0] == 0 ? later : earlier;
        }
        double n = a[0] + b[0];
        double dx = b[1] - a[1];
        double dy = b[2] - a[2];
        double weight = a[0] * b[0] / n;
        return state(n, a[1] + dx * b[0] / n, a[2] + dy * b[0] / n, a[3] + b[3] + dx * dx * weight,
                a[4] + b[4] + dy * dy * weight, a[5] + b[5] + dx * dy * weight);
    }

    @Override
    public boolean canRemove() {
        return true;
    }

    @Override
    public Object remove(Object state, Object[] arguments) {
        return hasNull(arguments) ? state : remove(numbers(state), x(arguments), y(arguments));
    }

    private static Object remove(double[] m, double x, double y) {
        double n = m[0] - 1;
        if (n <= 0) {
            return state(0, 0, 0, 0, 0, 0);
        }
        double meanX = m[1] - (x - m[1]) / n;
        double meanY = m[2] - (y - m[2]) / n;
        return state(n, meanX, meanY, m[3] - (x - m[1]) * (x - meanX), m[4] - (y - m[2]) * (y - meanY),
                m[5] - (x - meanX) * (y - m[2]));
    }

    @Override
    public Object result(Object state) {
        return result.applyAsDouble(numbers(state));
    }

    private static boolean hasNull(Object[] arguments) {
        return Arrays.asList(arguments).contains(null);
    }

    private static double x(Object[] arguments) {
        return ((Number) arguments[0]).doubleValue();
    }

    private static double y(Object[] arguments) {
        return ((Number) arguments[arguments.length - 1]).doubleValue();
    }

    private static double[] numbers(Object state) {
        return ((List<?>) state).stream().mapToDouble(number -> (Double) number).toArray();
    }

    private static List<Double> state(double... numbers) {
        return Arrays.stream(numbers).boxed().toList();
    }
}
