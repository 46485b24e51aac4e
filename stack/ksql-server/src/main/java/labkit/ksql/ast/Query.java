package labkit.ksql.ast;

import java.time.Duration;
import java.util.List;

/** A SELECT. Lists and clauses that were not written are empty or null. */
public record Query(
        List<Item> items,
        From from,
        Window window,
        Expression where,
        List<Expression> groupBy,
        List<Expression> partitionBy,
        Expression having,
        Emit emit,
        Integer limit) implements Statement {

    /** A column of the projection. */
    public sealed interface Item {}

    /** {@code *}, or {@code s.*} if {@code source} is not null. */
    public record All(String source, Location at) implements Item {}

    /** All fields of a struct: {@code s->*}. */
    public record AllFields(Expression struct) implements Item {}

    /** An expression; {@code alias} is null if none was given. */
    public record Column(Expression expression, String alias) implements Item {}

    /** The first source, and those joined to it. */
    public record From(Relation first, List<Join> joins) {}

    public record Relation(String source, String alias, Location at) {}

    public enum JoinType { INNER, LEFT, RIGHT, FULL }

    public record Join(JoinType type, Relation relation, boolean within, Expression on, Location at) {}

    /** EMIT CHANGES, EMIT FINAL, or nothing: then it is a pull query, or a persistent one with changes. */
    public enum Emit { CHANGES, FINAL }

    public enum WindowType { TUMBLING, HOPPING, SESSION }

    /** For sessions {@code size} is the gap; {@code retention} and {@code grace} may be null. */
    public record Window(WindowType type, Duration size, Duration advance, Duration retention, Duration grace) {}
}
