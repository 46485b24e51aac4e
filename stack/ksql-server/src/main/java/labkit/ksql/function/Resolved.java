package labkit.ksql.function;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import labkit.ksql.KsqlException;
import labkit.ksql.type.SqlType;

/**
 * The overload that a call means.
 *
 * @param returns the type of the result
 * @param body what to call with the converted arguments
 * @param conversions for each argument the type to convert it to, or null to pass it as it is
 */
public record Resolved(
        Signature signature, SqlType returns, ScalarFunction.Body body, List<SqlType> conversions) {

    static Resolved of(ScalarFunction function, List<SqlType> arguments) {
        Signature best = null;
        int least = Integer.MAX_VALUE;
        for (Signature signature : function.signatures()) {
            int steps = steps(signature, arguments);
            if (steps < least && signature.returns().of(converted(signature, arguments)) != null) {
                best = signature;
                least = steps;
            }
        }
        if (best == null) {
            throw doesNotFit(function, arguments);
        }
        List<SqlType> types = converted(best, arguments);
        List<SqlType> conversions = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            SqlType from = arguments.get(i);
            conversions.add(from == null || from.equals(types.get(i)) ? null : types.get(i));
        }
        return new Resolved(best, best.returns().of(types), best.makeBody().apply(types), conversions);
    }

    /** Counts how far arguments have to be widened; the largest number means that they do not fit. */
    private static int steps(Signature signature, List<SqlType> arguments) {
        if (!signature.takes(arguments.size())) {
            return Integer.MAX_VALUE;
        }
        int sum = 0;
        for (int i = 0; i < arguments.size(); i++) {
            SqlType type = arguments.get(i);
            Parameter parameter = signature.at(i);
            if (type == null || parameter.accepts().test(type)) {
                continue;
            }
            if (!Widening.possible(type, parameter.type())) {
                return Integer.MAX_VALUE;
            }
            sum += Widening.rank(parameter.type()) - Widening.rank(type);
        }
        return sum;
    }

    private static List<SqlType> converted(Signature signature, List<SqlType> arguments) {
        List<SqlType> types = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            SqlType target = signature.at(i).type();
            types.add(target == null ? arguments.get(i) : target);
        }
        return types;
    }

    private static KsqlException doesNotFit(ScalarFunction function, List<SqlType> arguments) {
        String seen = arguments.stream().map(String::valueOf).collect(Collectors.joining(", ", "(", ")"));
        String valid = function.signatures().stream()
                .map(signature -> function.name() + signature)
                .collect(Collectors.joining("\n"));
        return new KsqlException("Function '" + function.name() + "' does not accept parameters " + seen + ".\n"
                + "Valid alternatives are:\n" + valid + "\n"
                + "For detailed information on a function run: DESCRIBE FUNCTION <Function-Name>;");
    }
}
