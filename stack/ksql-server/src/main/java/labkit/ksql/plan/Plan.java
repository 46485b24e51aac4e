package labkit.ksql.plan;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import labkit.ksql.aggregate.Accumulator;
import labkit.ksql.ast.Expression;
import labkit.ksql.ast.Kind;
import labkit.ksql.ast.Query;
import labkit.ksql.catalog.Column;
import labkit.ksql.catalog.Schema;
import labkit.ksql.catalog.Source;
import labkit.ksql.catalog.WindowSpec;
import labkit.ksql.expression.Scope;
import labkit.ksql.expression.Typed;
import labkit.ksql.serde.Format;

/**
 * What a query does, checked and typed, in the order in which it is done: read, join, filter, give another key
 * or aggregate, filter again, project.
 *
 * @param inputs the sources; the first one leads, the others are tables joined to it
 * @param joins one for each input but the first
 * @param filter WHERE, or null
 * @param partitionBy the new key, or null; an empty list means no key
 * @param aggregation GROUP BY, or null
 * @param having HAVING, or null
 * @param outputs the columns of the result, in the order of the SELECT
 * @param key the columns of the result's key, under the names that they have in the result (or would have)
 * @param keyFormat how the result's keys are written, also within repartition topics and stores
 * @param kind what comes out
 * @param window how the result's keys are windowed, or null
 */
public record Plan(
        List<Input> inputs,
        List<Join> joins,
        Typed filter,
        List<Typed> partitionBy,
        Aggregation aggregation,
        Typed having,
        List<Output> outputs,
        List<Column> key,
        Format keyFormat,
        Format valueFormat,
        Kind kind,
        WindowSpec window,
        Query query) {

    /** A source under its alias. {@code scope}: the row's columns once it has been read. */
    public record Input(String alias, Source source, Scope scope) {
        /** Columns in front of the pseudo columns: key, then value. */
        public int declared() {
            return source.schema().key().size() + source.schema().value().size();
        }
    }

    /**
     * A table looked up for each row of a stream.
     *
     * @param key what the table's key has to equal
     * @param rekey false if the stream has that key already
     */
    public record Join(Input table, Typed key, boolean rekey, boolean left) {}

    /**
     * Rows gathered by key.
     *
     * @param keys what makes the key
     * @param rekey false if the rows have that key already
     * @param arguments of all calls, one after the other
     * @param scope the columns afterwards: keys, results of the calls, ROWTIME, and a window's bounds
     */
    public record Aggregation(List<Typed> keys, boolean rekey, List<Typed> arguments, List<Call> calls, Window window,
            boolean fromTable, Scope scope) {}

    /** One aggregate function; its arguments are those from {@code first} to before {@code end}. */
    public record Call(Accumulator accumulator, int first, int end, String text) {}

    /** {@code emitFinal}: a window's result comes once, when it is closed. */
    public record Window(Query.WindowType type, Duration size, Duration advance, Duration grace, Duration retention,
            boolean emitFinal) {}

    /** A column of the result; {@code key} if it is not in the value, because the key holds it. */
    public record Output(String name, Typed value, boolean key, Expression expression) {}

    /** The columns of the result's value. */
    public List<Column> value() {
        return outputs.stream().filter(o -> !o.key()).map(o -> new Column(o.name(), o.value().type())).toList();
    }

    public Schema schema() {
        return new Schema(key, value());
    }

    /** All columns in the order of the SELECT. */
    public List<Column> columns() {
        return outputs.stream().map(o -> new Column(o.name(), o.value().type())).toList();
    }

    /** The steps for EXPLAIN, the last one first. */
    public List<String> describe() {
        List<String> steps = new ArrayList<>();
        String names = String.join(", ", inputs.stream().map(i -> i.source().name()).toList());
        steps.add("SOURCE " + inputs.getFirst().source().name() + ": " + inputs.getFirst().source().schemaText());
        for (Join join : joins) {
            steps.add((join.left() ? "LEFT " : "") + "JOIN with table " + join.table().source().name()
                    + (join.rekey() ? ", after a repartition by the join key" : ", no repartition needed"));
        }
        if (filter != null) {
            steps.add("FILTER " + query.where());
        }
        if (partitionBy != null) {
            steps.add("PARTITION BY " + query.partitionBy());
        }
        if (aggregation != null) {
            steps.add("AGGREGATE by " + query.groupBy() + ": " + String.join(", ", aggregation.calls().stream().map(Call::text).toList())
                    + (aggregation.window() == null ? "" : ", " + aggregation.window().type() + " windows of " + aggregation.window().size()
                            + ", grace " + aggregation.window().grace())
                    + (aggregation.rekey() ? ", after a repartition" : ", no repartition needed"));
        }
        if (having != null) {
            steps.add("FILTER " + query.having());
        }
        steps.add("PROJECT from " + names + ": " + schema().text(kind == Kind.TABLE ? "PRIMARY KEY" : "KEY"));
        return steps.reversed();
    }
}
