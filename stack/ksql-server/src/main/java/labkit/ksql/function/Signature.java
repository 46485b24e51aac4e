package labkit.ksql.function;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import labkit.ksql.type.SqlType;

/**
 * One overload: which arguments it takes, what type comes out, and its body.
 *
 * @param parameters what is accepted at each place
 * @param variadic whether the last parameter may be repeated (or left out)
 * @param seesNulls whether the body is called with null arguments
 * @param makeBody makes the body for the types of a call, once per call in a statement
 */
public record Signature(
        List<Parameter> parameters,
        boolean variadic,
        boolean seesNulls,
        ScalarFunction.Returns returns,
        Function<List<SqlType>, ScalarFunction.Body> makeBody) {

    public Signature {
        parameters = List.copyOf(parameters);
    }

    /** The usual overload: fixed types in, a fixed type out. */
    public static Signature of(SqlType returns, List<? extends SqlType> parameters, ScalarFunction.Body body) {
        List<Parameter> accepted = new ArrayList<>();
        parameters.forEach(type -> accepted.add(Parameter.of(type)));
        return new Signature(accepted, false, false, types -> returns, types -> body);
    }

    /** For what {@link #of} cannot say: generic parameters, results that depend on the arguments. */
    public static Signature generic(
            ScalarFunction.Returns returns,
            List<Parameter> parameters,
            Function<List<SqlType>, ScalarFunction.Body> makeBody) {
        return new Signature(parameters, false, false, returns, makeBody);
    }

    public Signature withNulls() {
        return new Signature(parameters, variadic, true, returns, makeBody);
    }

    public Signature asVariadic() {
        return new Signature(parameters, true, seesNulls, returns, makeBody);
    }

    /** Returns the parameter at a place, or null if that is one too many. */
    public Parameter at(int place) {
        if (place < parameters.size()) {
            return parameters.get(place);
        }
        return variadic ? parameters.getLast() : null;
    }

    /** True if a call with that many arguments could be meant. */
    public boolean takes(int arguments) {
        return variadic ? arguments >= parameters.size() - 1 : arguments == parameters.size();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("(");
        for (int i = 0; i < parameters.size(); i++) {
            text.append(i > 0 ? ", " : "").append(parameters.get(i).title());
        }
        return text.append(variadic ? "..." : "").append(")").toString();
    }
}
