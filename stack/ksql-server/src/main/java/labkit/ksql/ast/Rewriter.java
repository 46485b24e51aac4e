package labkit.ksql.ast;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;

/** Replaces parts of an expression. */
public final class Rewriter {
    private Rewriter() {}

    /** Returns the expression with each part replaced, from the outside, for which there is a replacement (not null). */
    public static Expression rewrite(Expression expression, Function<Expression, Expression> replacement) {
        Expression replaced = replacement.apply(expression);
        if (replaced != null) {
            return replaced;
        }
        Function<Expression, Expression> on = part -> rewrite(part, replacement);
        return switch (expression) {
            case Expression.Literal e -> e;
            case Expression.Reference e -> e;
            case Expression.Call e -> new Expression.Call(e.name(), all(e.arguments(), on), e.at());
            case Expression.Arithmetic e -> new Expression.Arithmetic(e.operator(), on.apply(e.left()), on.apply(e.right()), e.at());
            case Expression.Negation e -> new Expression.Negation(on.apply(e.operand()), e.at());
            case Expression.Comparison e ->
                new Expression.Comparison(e.comparator(), on.apply(e.left()), on.apply(e.right()), e.at());
            case Expression.Logical e -> new Expression.Logical(e.and(), on.apply(e.left()), on.apply(e.right()), e.at());
            case Expression.Not e -> new Expression.Not(on.apply(e.operand()), e.at());
            case Expression.IsNull e -> new Expression.IsNull(on.apply(e.operand()), e.at());
            case Expression.In e -> new Expression.In(on.apply(e.operand()), all(e.values(), on), e.at());
            case Expression.Like e -> new Expression.Like(on.apply(e.operand()), on.apply(e.pattern()), e.escape(), e.at());
            case Expression.Case e -> new Expression.Case(
                    e.whens().stream().map(w -> new Expression.When(on.apply(w.condition()), on.apply(w.result()))).toList(),
                    e.otherwise() == null ? null : on.apply(e.otherwise()), e.at());
            case Expression.Cast e -> new Expression.Cast(on.apply(e.operand()), e.type(), e.at());
            case Expression.Subscript e -> new Expression.Subscript(on.apply(e.operand()), on.apply(e.index()), e.at());
            case Expression.FieldOf e -> new Expression.FieldOf(on.apply(e.operand()), e.field(), e.at());
            case Expression.ArrayOf e -> new Expression.ArrayOf(all(e.elements(), on), e.at());
            case Expression.MapOf e -> new Expression.MapOf(e.entries().stream()
                    .map(entry -> new Expression.Entry(on.apply(entry.key()), on.apply(entry.value()))).toList(), e.at());
            case Expression.StructOf e -> {
                LinkedHashMap<String, Expression> fields = new LinkedHashMap<>();
                e.fields().forEach((name, field) -> fields.put(name, on.apply(field)));
                yield new Expression.StructOf(fields, e.at());
            }
        };
    }

    private static List<Expression> all(List<Expression> expressions, Function<Expression, Expression> on) {
        return expressions.stream().map(on).toList();
    }
}
