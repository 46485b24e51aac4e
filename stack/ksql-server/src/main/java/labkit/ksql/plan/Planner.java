package labkit.ksql.plan;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import labkit.ksql.KsqlException;
import labkit.ksql.aggregate.Aggregates;
import labkit.ksql.ast.Expression;
import labkit.ksql.ast.Expression.Reference;
import labkit.ksql.ast.Kind;
import labkit.ksql.ast.Location;
import labkit.ksql.ast.Query;
import labkit.ksql.ast.Rewriter;
import labkit.ksql.catalog.Catalog;
import labkit.ksql.catalog.Column;
import labkit.ksql.catalog.Schema;
import labkit.ksql.catalog.Source;
import labkit.ksql.catalog.WindowSpec;
import labkit.ksql.expression.Compiler;
import labkit.ksql.expression.Scope;
import labkit.ksql.expression.Typed;
import labkit.ksql.function.Functions;
import labkit.ksql.serde.Format;
import labkit.ksql.type.SqlType;

/** Checks a SELECT against the catalog and makes a {@link Plan} of it. */
public final class Planner {
    private static final Duration DAY = Duration.ofHours(24);

    private final Catalog catalog;
    private final Query query;
    private final String sink;
    private final Map<String, Object> with;
    private final List<Plan.Input> inputs = new ArrayList<>();
    private final List<Plan.Join> joins = new ArrayList<>();
    /** Expressions whose values the row's key holds: of a join all that are equal. */
    private List<Set<Expression>> keyExpressions = new ArrayList<>();
    private Scope scope = new Scope();

    private Planner(Catalog catalog, Query query, String sink, Map<String, Object> with) {
        this.catalog = catalog;
        this.query = query;
        this.sink = sink;
        this.with = with;
    }

    /**
     * Plans a query whose result is written to a stream or table.
     *
     * @param sink the name of what it builds, for messages
     * @param with properties of the sink
     * @throws KsqlException if the query is wrong; the message says where and why
     */
    public static Plan persistent(Catalog catalog, Query query, String sink, Map<String, Object> with) {
        return new Planner(catalog, query, sink, with).plan();
    }

    /** Plans a query whose result goes to whoever asked. */
    public static Plan push(Catalog catalog, Query query) {
        return new Planner(catalog, query, null, Map.of()).plan();
    }

    private Plan plan() {
        try {
            return wholePlan();
        } catch (StackOverflowError error) {
            throw new KsqlException("The query is nested too deeply, or has too long a chain of operators: "
                    + query.from().first().source());
        }
    }

    private Plan wholePlan() {
        readSources();
        checkClauses();
        Compiler rows = new Compiler(scope);
        Typed filter = query.where() == null ? null : rows.condition(canonical(query.where()), "WHERE");
        if (!query.groupBy().isEmpty()) {
            return aggregate(filter);
        }
        List<Typed> partitionBy = null;
        if (!query.partitionBy().isEmpty()) {
            partitionBy = partitionBy(rows);
        }
        List<Item> items = expand(scope, this::canonical);
        return finish(filter, partitionBy, null, null, items, scope, sourceKind(), inputs.getFirst().source().window(),
                partitionBy != null ? "partitioning expression" : joins.isEmpty() ? "key column" : "join expression");
    }

    // -- FROM and JOIN -----------------------------------------------------------------------------

    private void readSources() {
        Query.Relation first = query.from().first();
        inputs.add(input(first));
        addToScope(inputs.getFirst());
        Source leading = inputs.getFirst().source();
        for (Column column : leading.schema().key()) {
            keyExpressions.add(new HashSet<>(Set.of(reference(first.alias(), column.name()))));
        }
        for (Query.Join join : query.from().joins()) {
            join(join);
        }
        if (sink != null && leading.isTable() && leading.window() != null) {
            throw new KsqlException("KSQL does not support persistent queries on windowed tables. The topic of " + leading.name()
                    + " can be declared as a STREAM with WINDOW_TYPE and WINDOW_SIZE, and queried as that.");
        }
    }

    private Plan.Input input(Query.Relation relation) {
        Source source = source(relation);
        if (inputs.stream().anyMatch(input -> input.alias().equals(relation.alias()))) {
            throw new KsqlException(relation.at() + ": Each side of the join must have a unique alias: " + relation.alias()
                    + " stands for two of them.");
        }
        // Kafka Streams would read the topic once, as the first of them says.
        inputs.stream().map(Plan.Input::source).filter(other -> other.topic().equals(source.topic()) && !other.equals(source)).forEach(other -> {
            throw new KsqlException(relation.at() + ": Invalid topology: " + other.name() + " and " + source.name() + " both read the topic "
                    + source.topic() + ", and a query reads a topic as one stream or table only. Make a copy with CREATE "
                    + source.kind() + " ... AS SELECT, and join that.");
        });
        Scope own = new Scope();
        source.schema().columns().forEach(column -> own.add(relation.alias(), column.name(), column.type()));
        Schema.PSEUDO.forEach(column -> own.add(relation.alias(), column.name(), column.type()));
        if (source.window() != null) {
            Schema.BOUNDS.forEach(column -> own.add(relation.alias(), column.name(), column.type()));
        }
        return new Plan.Input(relation.alias(), source, own);
    }

    private Source source(Query.Relation relation) {
        try {
            return catalog.get(relation.source());
        } catch (KsqlException error) {
            throw new KsqlException(relation.at() + ": " + error.getMessage());
        }
    }

    private void addToScope(Plan.Input input) {
        input.scope().entries().forEach(entry -> scope.add(entry.source(), entry.name(), entry.type()));
    }

    private void join(Query.Join join) {
        Plan.Input right = input(join.relation());
        Plan.Input left = inputs.getFirst();
        if (left.source().isTable() || !right.source().isTable() || join.within()) {
            throw KsqlException.notSupported("A join of a " + left.source().kind().word() + " with a " + right.source().kind().word()
                    + " (here: streams with tables)");
        }
        if (join.type() == Query.JoinType.RIGHT || join.type() == Query.JoinType.FULL) {
            throw new KsqlException(join.at() + ": " + join.type() + " joins between streams and tables are not supported"
                    + " (type: " + join.type() + " OUTER JOIN). Try JOIN or LEFT JOIN.");
        }
        if (left.source().window() != null || right.source().window() != null) {
            throw KsqlException.notSupported("A join of windowed sources");
        }
        if (!(join.on() instanceof Expression.Comparison on) || on.comparator() != Expression.Comparator.EQUAL) {
            throw new KsqlException(join.on().at() + ": Only equality join criteria is supported: ON a = b. Got: " + join.on());
        }
        Scope before = scope;
        Scope after = new Scope();
        before.entries().forEach(e -> after.add(e.source(), e.name(), e.type()));
        right.scope().entries().forEach(e -> after.add(e.source(), e.name(), e.type()));
        Expression one = canonical(on.left(), after);
        Expression other = canonical(on.right(), after);
        Expression tableSide = belongsTo(one, right.alias()) ? one : other;
        Expression streamSide = tableSide == one ? other : one;
        List<Column> tableKey = right.source().schema().key();
        if (!belongsTo(tableSide, right.alias()) || streamSide.walk().anyMatch(e -> belongsTo(e, right.alias()))) {
            throw new KsqlException(on.at() + ": Each side of the join criteria must reference one source. Got: " + on);
        }
        if (tableKey.size() != 1 || !tableSide.equals(reference(right.alias(), tableKey.getFirst().name()))) {
            throw new KsqlException(on.at() + ": Invalid join condition: stream-table joins require to join on the table's primary key. Got "
                    + on + ", but the key of " + right.source().name() + " is " + tableKey + ".");
        }
        Typed key = new Compiler(before).compile(streamSide);
        SqlType keyType = tableKey.getFirst().type();
        if (!keyType.equals(key.type())) {
            throw new KsqlException(on.at() + ": Invalid join condition: types don't match. Got " + on + ": " + key.type() + " and " + keyType
                    + ". Try CAST.");
        }
        boolean hasKey = keyExpressions.size() == 1 && keyExpressions.getFirst().contains(streamSide)
                && sameBytes(joins.isEmpty() ? left.source().keyFormat() : joins.getLast().table().source().keyFormat(), right.source().keyFormat());
        if (!hasKey) {
            keyExpressions = new ArrayList<>(List.of(new HashSet<>(Set.of(streamSide))));
        }
        keyExpressions.getFirst().add(tableSide);
        joins.add(new Plan.Join(right, key, !hasKey, join.type() == Query.JoinType.LEFT));
        inputs.add(right);
        scope = after;
    }

    /** True if keys written in one format are the same bytes in the other. */
    private static boolean sameBytes(Format one, Format other) {
        return one.equals(other) || one.name() == other.name() && one.name() != Format.Name.DELIMITED;
    }

    private static boolean belongsTo(Expression expression, String alias) {
        return expression instanceof Reference reference && alias.equals(reference.source());
    }

    // -- What goes together ------------------------------------------------------------------------

    private Kind sourceKind() {
        return inputs.getFirst().source().kind();
    }

    private void checkClauses() {
        query.items().stream().filter(Query.Column.class::isInstance).forEach(item -> requireFunctions(((Query.Column) item).expression()));
        boolean aggregates = query.items().stream().anyMatch(item -> item instanceof Query.Column column
                && Aggregations.find(column.expression()) != null)
                || query.having() != null && Aggregations.find(query.having()) != null;
        if (query.groupBy().isEmpty()) {
            if (aggregates) {
                throw new KsqlException("Use of aggregate function " + firstAggregate() + " requires a GROUP BY clause.");
            }
            if (query.window() != null) {
                throw new KsqlException("WINDOW clause requires a GROUP BY clause.");
            }
            if (query.having() != null) {
                throw new KsqlException("HAVING clause requires a GROUP BY clause.");
            }
            if (query.emit() == Query.Emit.FINAL) {
                throw new KsqlException("EMIT FINAL is only supported for windowed aggregations.");
            }
        } else {
            if (!aggregates && !inputs.getFirst().source().isTable()) {
                throw new KsqlException("GROUP BY requires aggregate functions in either the SELECT or HAVING clause.");
            }
            if (!query.partitionBy().isEmpty()) {
                throw new KsqlException("Only one of the clauses PARTITION BY and GROUP BY can be used.");
            }
            if (query.window() != null && inputs.getFirst().source().isTable()) {
                throw new KsqlException("WINDOW clause is only supported for streams: windowing is not supported for table aggregations.");
            }
            if (query.emit() == Query.Emit.FINAL && query.window() == null) {
                throw new KsqlException("EMIT FINAL is only supported for windowed aggregations.");
            }
        }
        if (!query.partitionBy().isEmpty() && sourceKind() == Kind.TABLE) {
            throw new KsqlException("PARTITION BY clause is only supported for streams: it cannot be used on tables.");
        }
        if (!query.partitionBy().isEmpty() && inputs.getFirst().source().window() != null) {
            throw new KsqlException("PARTITION BY is not supported on windowed sources.");
        }
        if (sink != null && query.limit() != null) {
            throw new KsqlException("LIMIT is only supported for push and pull queries, not for a query that builds " + sink + ".");
        }
    }

    private static void requireFunctions(Expression expression) {
        expression.walk().forEach(part -> {
            if (part instanceof Expression.Call call && Functions.find(call.name()).isEmpty() && Aggregates.find(call.name()).isEmpty()) {
                throw new KsqlException(call.at() + ": Can't find any functions with the name '" + call.name() + "'");
            }
        });
    }

    private String firstAggregate() {
        return query.items().stream().filter(Query.Column.class::isInstance).map(item -> Aggregations.find(((Query.Column) item).expression()))
                .filter(java.util.Objects::nonNull).findFirst().orElseGet(() -> Aggregations.find(query.having()));
    }

    // -- PARTITION BY ------------------------------------------------------------------------------

    private List<Typed> partitionBy(Compiler rows) {
        List<Expression> by = query.partitionBy().stream().map(this::canonical).toList();
        keyExpressions = new ArrayList<>();
        if (by.size() == 1 && by.getFirst() instanceof Expression.Literal literal && literal.value() == null) {
            return List.of();
        }
        List<Typed> keys = new ArrayList<>();
        for (Expression expression : by) {
            if (expression instanceof Expression.Literal) {
                throw new KsqlException(expression.at() + ": PARTITION BY needs a column or an expression of columns, but " + expression + " is constant.");
            }
            keys.add(requireKeyType(rows.compile(expression), expression, "PARTITION BY"));
            keyExpressions.add(new HashSet<>(Set.of(expression)));
        }
        return keys;
    }

    private static Typed requireKeyType(Typed typed, Expression expression, String clause) {
        if (typed.type() == null || Declarations.holdsMap(typed.type())) {
            throw new KsqlException(expression.at() + ": " + clause + " does not support values of type " + typed.type() + ": " + expression);
        }
        return typed;
    }

    // -- GROUP BY ----------------------------------------------------------------------------------

    private Plan aggregate(Typed filter) {
        Source first = inputs.getFirst().source();
        Compiler rows = new Compiler(scope);
        List<Expression> groups = query.groupBy().stream().map(this::canonical).toList();
        List<Typed> keys = groups.stream().map(group -> requireKeyType(rows.compile(group), group, "GROUP BY")).toList();
        Aggregations calls = new Aggregations(rows, first.isTable());
        List<Item> items = expand(scope, this::canonical);
        items.forEach(item -> calls.collect(item.expression()));
        Expression having = query.having() == null ? null : canonical(query.having());
        if (having != null) {
            calls.collect(having);
        }

        Scope after = new Scope();
        Map<Expression, Expression> known = new LinkedHashMap<>();
        for (int i = 0; i < groups.size(); i++) {
            String name = "KSQL_INTERNAL_GROUP_" + i;
            after.add(null, name, keys.get(i).type());
            known.put(groups.get(i), new Reference(null, name, groups.get(i).at()));
        }
        calls.addTo(after, known);
        after.add(null, Schema.ROWTIME, SqlType.BIGINT);
        if (query.window() != null) {
            Schema.BOUNDS.forEach(bound -> after.add(null, bound.name(), bound.type()));
        }
        // What the key holds already does not have to be moved to another partition.
        boolean sameKey = keyExpressions.size() == groups.size() && first.window() == null && !first.isTable();
        for (int i = 0; sameKey && i < groups.size(); i++) {
            sameKey = keyExpressions.get(i).contains(groups.get(i));
        }
        keyExpressions = new ArrayList<>();
        groups.forEach(group -> keyExpressions.add(new HashSet<>(Set.of(group))));

        Plan.Window window = query.window() == null ? null : window(query.window());
        Plan.Aggregation aggregation = new Plan.Aggregation(
                keys, !sameKey, calls.arguments(), calls.calls(), window, first.isTable(), after);
        Typed havingCondition = having == null ? null
                : new Compiler(after).condition(afterGrouping(having, known, calls), "HAVING");
        List<Item> rewritten = items.stream().map(item ->
                new Item(item.name(), item.expression(), afterGrouping(item.expression(), known, calls))).toList();
        WindowSpec spec = window == null ? null
                : new WindowSpec(window.type(), window.type() == Query.WindowType.SESSION ? null : window.size());
        return finish(filter, null, aggregation, havingCondition, rewritten, after, Kind.TABLE, spec, "grouping expression");
    }

    private Expression afterGrouping(Expression expression, Map<Expression, Expression> known, Aggregations calls) {
        Expression rewritten = Rewriter.rewrite(expression, part -> known.getOrDefault(part,
                part instanceof Reference r && (r.name().equals(Schema.WINDOWSTART) || r.name().equals(Schema.WINDOWEND)
                        || r.name().equals(Schema.ROWTIME)) ? new Reference(null, r.name(), r.at()) : null));
        rewritten.walk().forEach(part -> {
            if (part instanceof Reference r && r.source() != null) {
                throw new KsqlException(r.at() + ": Non-aggregate SELECT expression(s) not part of GROUP BY: " + written(r)
                        + "\nEither add the column(s) to the GROUP BY or remove them from the SELECT.");
            }
        });
        return rewritten;
    }

    private Plan.Window window(Query.Window window) {
        Duration size = window.size();
        if (size.isZero() || window.advance() != null && window.advance().isZero()) {
            throw new KsqlException("The " + window.type() + " window needs a size (and advance) of more than 0.");
        }
        if (window.type() == Query.WindowType.HOPPING && window.advance().compareTo(size) > 0) {
            throw new KsqlException("The HOPPING window's advance (" + window.advance() + ") must not be more than its size (" + size + ").");
        }
        boolean emitFinal = query.emit() == Query.Emit.FINAL;
        Duration usual = emitFinal || size.compareTo(DAY) > 0 ? Duration.ZERO : DAY.minus(size);
        if (window.retention() != null && window.grace() == null && window.retention().compareTo(size) >= 0
                && usual.compareTo(window.retention().minus(size)) > 0) {
            usual = window.retention().minus(size);
        }
        Duration grace = window.grace() == null ? usual : window.grace();
        Duration least = size.plus(grace);
        if (window.retention() != null && window.retention().compareTo(least) < 0) {
            throw new KsqlException("The RETENTION of a window (" + window.retention() + ") must be at least its size plus its grace period ("
                    + least + ").");
        }
        Duration retention = window.retention() != null ? window.retention() : least.compareTo(DAY) < 0 ? DAY : least;
        return new Plan.Window(window.type(), size, window.advance(), grace, retention, emitFinal);
    }

    // -- SELECT ------------------------------------------------------------------------------------

    /** A column of the projection: as it was meant ({@code expression}), and as it is computed. */
    private record Item(String name, Expression expression, Expression computed) {}

    private List<Item> expand(Scope from, java.util.function.UnaryOperator<Expression> canonical) {
        List<Item> items = new ArrayList<>();
        Names names = new Names(from);
        for (Query.Item item : query.items()) {
            switch (item) {
                case Query.All all -> {
                    if (all.source() != null && !from.hasSource(all.source())) {
                        throw new KsqlException(all.at() + ": '" + all.source() + "' is not a valid stream/table name or alias.");
                    }
                    inputs.stream().filter(input -> all.source() == null || input.alias().equals(all.source()))
                            .forEach(input -> expandAll(input, names, items));
                }
                case Query.AllFields fields -> {
                    Expression struct = canonical.apply(fields.struct());
                    if (!(new Compiler(from).compile(struct).type() instanceof SqlType.StructOf type)) {
                        throw new KsqlException(struct.at() + ": Only a STRUCT has fields: " + struct);
                    }
                    type.fields().forEach(field -> {
                        Expression each = new Expression.FieldOf(struct, field.name(), struct.at());
                        items.add(new Item(field.name(), each, each));
                    });
                }
                case Query.Column column -> {
                    Expression expression = canonical.apply(column.expression());
                    String name = column.alias() != null ? column.alias() : names.of(expression);
                    items.add(new Item(name, expression, expression));
                }
            }
        }
        Set<String> seen = new HashSet<>();
        for (Item item : items) {
            if (!seen.add(item.name())) {
                throw new KsqlException("The projection contains two columns named `" + item.name() + "`. Give one of them another name with AS.");
            }
            if (sink != null && Schema.RESERVED.contains(item.name())) {
                throw new KsqlException("`" + item.name() + "` is a reserved column name. You cannot use it as a name for a column:"
                        + " give it another one with AS.");
            }
        }
        return items;
    }

    private void expandAll(Plan.Input input, Names names, List<Item> items) {
        List<Column> columns = new ArrayList<>(input.source().schema().key());
        if (sink == null && input.source().window() != null) {
            columns.addAll(Schema.BOUNDS);
        }
        columns.addAll(input.source().schema().value());
        for (Column column : columns) {
            Expression expression = reference(input.alias(), column.name());
            items.add(new Item(inputs.size() > 1 ? input.alias() + "_" + column.name() : column.name(), expression, expression));
        }
    }

    private Plan finish(Typed filter, List<Typed> partitionBy, Plan.Aggregation aggregation, Typed having, List<Item> items, Scope after,
            Kind kind, WindowSpec window, String keyWord) {
        Compiler compiler = new Compiler(after);
        List<Column> key = new ArrayList<>();
        List<Plan.Output> outputs = new ArrayList<>();
        List<Item> keyItems = new ArrayList<>();
        for (Set<Expression> same : keyExpressions) {
            keyItems.add(keyItem(same, items, keyWord));
        }
        for (Item item : items) {
            Typed value = compiler.compile(item.computed());
            if (value.type() == null) {
                throw new KsqlException(item.expression().at() + ": The column " + item.name() + " is NULL and has no type: write CAST(NULL AS ...).");
            }
            outputs.add(new Plan.Output(item.name(), value, keyItems.contains(item), item.expression()));
        }
        for (int i = 0; i < keyItems.size(); i++) {
            Item item = keyItems.get(i);
            Expression any = keyExpressions.get(i).iterator().next();
            SqlType type = item == null ? keyType(any, aggregation, i) : compiler.compile(item.computed()).type();
            key.add(new Column(item == null ? "KSQL_KEY_" + i : item.name(), type));
        }
        Source first = inputs.getFirst().source();
        Format keyFormat = keyFormat(key.size());
        Format valueFormat = sink == null ? first.valueFormat()
                : with.containsKey("VALUE_FORMAT") || with.containsKey("FORMAT") || with.containsKey("VALUE_DELIMITER") || with.containsKey("WRAP_SINGLE_VALUE")
                        ? Declarations.valueFormat(with, first.valueFormat().toString()) : first.valueFormat();
        Plan plan = new Plan(List.copyOf(inputs), List.copyOf(joins), filter, partitionBy, aggregation, having, outputs, key,
                keyFormat, valueFormat, kind, window, query);
        if (sink != null) {
            if (plan.value().isEmpty()) {
                throw new KsqlException("The projection contains no value columns: " + sink + " would have a key and nothing else.");
            }
            Declarations.requireWritable(plan.schema(), keyFormat, valueFormat);
            Declarations.requireOneIfUnwrapped(with, plan.value());
        }
        return plan;
    }

    private SqlType keyType(Expression expression, Plan.Aggregation aggregation, int place) {
        return aggregation != null ? aggregation.keys().get(place).type() : new Compiler(scope).compile(expression).type();
    }

    /** Finds the column of the projection that holds a part of the key; null if a push query shows none. */
    private Item keyItem(Set<Expression> same, List<Item> items, String keyWord) {
        List<Item> found = items.stream().filter(item -> same.contains(item.expression())).toList();
        boolean join = keyWord.equals("join expression");
        if (sink == null) {
            return found.isEmpty() ? null : found.getFirst();
        }
        if (found.isEmpty()) {
            String names = String.join(" or ", same.stream().map(this::written).sorted().toList());
            throw new KsqlException("Key missing from projection (ie, SELECT). The query used to build `" + sink + "` must include the "
                    + keyWord + (same.size() > 1 ? "s " : " ") + names + " in its projection (eg, SELECT "
                    + written(same.stream().min(java.util.Comparator.comparing(this::written)).orElseThrow()) + "...).");
        }
        long identical = found.stream().filter(item -> item.expression().equals(found.getFirst().expression())).count();
        if (identical > 1 || found.size() > 1 && !join) {
            throw new KsqlException("The projection contains a " + keyWord + " (`" + written(found.getFirst().expression()) + "`) more than once, aliased as: "
                    + String.join(" and ", found.stream().map(Item::name).toList()) + ".\nEach key column must only be in the projection once."
                    + " If you intended to copy the key into the value, then consider using the AS_VALUE function to indicate which key"
                    + " reference should be copied.");
        }
        return found.getFirst();
    }

    private Format keyFormat(int columns) {
        Format inherited = joins.isEmpty() ? inputs.getFirst().source().keyFormat() : joins.getLast().table().source().keyFormat();
        if (inherited.name() == Format.Name.NONE && columns > 0) {
            inherited = new Format(Format.Name.KAFKA, ',', false);
        }
        if (sink == null) {
            return inherited.takesColumns(columns) ? inherited : Format.JSON_KEY;
        }
        return with.containsKey("KEY_FORMAT") || with.containsKey("FORMAT") || with.containsKey("KEY_DELIMITER")
                ? Declarations.keyFormat(with, inherited.toString()) : inherited;
    }

    // -- Names -------------------------------------------------------------------------------------

    /** Gives every reference the alias of its source, so that equal expressions are equal. */
    private Expression canonical(Expression expression) {
        return canonical(expression, scope);
    }

    private static Expression canonical(Expression expression, Scope scope) {
        return Rewriter.rewrite(expression, part -> {
            if (!(part instanceof Reference reference)) {
                return null;
            }
            if (scope.entries().stream().noneMatch(e -> e.name().equals(reference.name())) && isBound(reference)) {
                return reference;
            }
            Scope.Entry entry = scope.find(reference);
            return new Reference(entry.source(), entry.name(), reference.at());
        });
    }

    /** The bounds of a window come into being with the aggregation. */
    private static boolean isBound(Reference reference) {
        return reference.name().equals(Schema.WINDOWSTART) || reference.name().equals(Schema.WINDOWEND);
    }

    private static Reference reference(String source, String name) {
        return new Reference(source, name, new Location(1, 1));
    }

    /** An expression as a person would write it here: without the alias where there is one source only. */
    private String written(Expression expression) {
        return inputs.size() > 1 ? expression.toString()
                : Rewriter.rewrite(expression, part -> part instanceof Reference r ? new Reference(null, r.name(), r.at()) : null).toString();
    }
}
