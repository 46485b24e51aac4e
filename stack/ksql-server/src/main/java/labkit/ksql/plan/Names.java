package labkit.ksql.plan;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import labkit.ksql.ast.Expression;
import labkit.ksql.expression.Scope;

/** Names for columns of a projection that were given none. */
final class Names {
    private static final Pattern GENERATED = Pattern.compile("KSQL_COL_(\\d+)");
    private final Scope scope;
    private final Map<String, Integer> fields = new HashMap<>();
    private int next;

    Names(Scope scope) {
        this.scope = scope;
        for (Scope.Entry entry : scope.entries()) {
            Matcher matcher = GENERATED.matcher(entry.name());
            if (matcher.matches()) {
                next = Math.max(next, Integer.parseInt(matcher.group(1)) + 1);
            }
        }
    }

    /** A column's own name (with its source's, if two sources have it), a field's, or KSQL_COL_0, 1, 2 ... */
    String of(Expression expression) {
        return switch (expression) {
            case Expression.Reference r -> {
                boolean unique = scope.entries().stream().filter(e -> e.name().equals(r.name())).count() <= 1;
                yield unique || r.source() == null ? r.name() : r.source() + "_" + r.name();
            }
            case Expression.FieldOf field -> {
                int times = fields.merge(field.field(), 1, Integer::sum) - 1;
                boolean taken = scope.entries().stream().anyMatch(e -> e.name().equals(field.field()));
                yield times == 0 && !taken ? field.field() : field.field() + "_" + (taken ? times + 1 : times);
            }
            default -> "KSQL_COL_" + next++;
        };
    }
}
