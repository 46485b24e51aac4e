package labkit.ksql.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.aggregate.Accumulator;
import labkit.ksql.aggregate.AggregateFunction;
import labkit.ksql.aggregate.Aggregates;
import labkit.ksql.ast.Expression;
import labkit.ksql.expression.Compiler;
import labkit.ksql.expression.Scope;
import labkit.ksql.expression.Typed;
import labkit.ksql.type.SqlType;

/** The calls of aggregate functions in a query; one that is written twice is computed once. */
final class Aggregations {
    private final Compiler rows;
    private final boolean fromTable;
    private final Map<Expression, Plan.Call> calls = new LinkedHashMap<>();
    private final List<Typed> arguments = new ArrayList<>();

    Aggregations(Compiler rows, boolean fromTable) {
        this.rows = rows;
        this.fromTable = fromTable;
    }

    /** Returns the name of the first aggregate function within an expression, or null. */
    static String find(Expression expression) {
        return expression.walk().filter(Aggregations::isCall).map(e -> ((Expression.Call) e).name()).findFirst().orElse(null);
    }

    private static boolean isCall(Expression expression) {
        return expression instanceof Expression.Call call && Aggregates.find(call.name()).isPresent();
    }

    /** Notes the calls within an expression. */
    void collect(Expression expression) {
        expression.walk().filter(Aggregations::isCall).forEach(call -> calls.computeIfAbsent(call, this::compile));
    }

    private Plan.Call compile(Expression expression) {
        Expression.Call call = (Expression.Call) expression;
        for (Expression argument : call.arguments()) {
            if (find(argument) != null) {
                throw new KsqlException(argument.at() + ": Aggregate functions can not be nested: " + call.name() + "(" + find(argument) + "())");
            }
        }
        AggregateFunction function = Aggregates.find(call.name()).orElseThrow();
        int constants = Math.min(function.constants(call.arguments().size()), call.arguments().size());
        int columns = call.arguments().size() - constants;
        int first = arguments.size();
        List<SqlType> types = new ArrayList<>();
        for (Expression argument : call.arguments().subList(0, columns)) {
            Typed typed = rows.compile(argument);
            types.add(typed.type());
            arguments.add(typed);
        }
        List<Object> values = new ArrayList<>();
        for (Expression argument : call.arguments().subList(columns, call.arguments().size())) {
            if (!(argument instanceof Expression.Literal literal)) {
                throw new KsqlException(argument.at() + ": " + call.name() + " needs a constant here, not " + argument + ". It is called as "
                        + String.join(" or ", function.usages()) + ".");
            }
            values.add(literal.value());
        }
        Accumulator accumulator;
        try {
            accumulator = function.accumulator(types, values);
        } catch (KsqlException error) {
            throw new KsqlException(call.at() + ": " + error.getMessage());
        }
        if (fromTable && !accumulator.canRemove()) {
            throw new KsqlException(call.at() + ": The aggregation function(s) (" + call.name()
                    + ") cannot be applied to a table source, only to a stream source.");
        }
        return new Plan.Call(accumulator, first, arguments.size(), call.toString());
    }

    /** Adds a column for each call, and what stands for the call from then on. */
    void addTo(Scope scope, Map<Expression, Expression> known) {
        int number = 0;
        for (Map.Entry<Expression, Plan.Call> call : calls.entrySet()) {
            String name = "KSQL_AGG_VARIABLE_" + number++;
            scope.add(null, name, call.getValue().accumulator().resultType());
            known.put(call.getKey(), new Expression.Reference(null, name, call.getKey().at()));
        }
    }

    List<Typed> arguments() {
        return arguments;
    }

    List<Plan.Call> calls() {
        return List.copyOf(calls.values());
    }
}
