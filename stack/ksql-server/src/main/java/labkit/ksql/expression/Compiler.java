package labkit.ksql.expression;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import labkit.ksql.KsqlException;
import labkit.ksql.aggregate.Aggregates;
import labkit.ksql.ast.Expression;
import labkit.ksql.ast.Location;
import labkit.ksql.catalog.Schema;
import labkit.ksql.function.Functions;
import labkit.ksql.function.Resolved;
import labkit.ksql.function.ScalarFunction;
import labkit.ksql.function.Widening;
import labkit.ksql.type.Conversion;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.Struct;

/** Checks the types of expressions, and makes evaluators of them. The only place where that is done. */
public final class Compiler {
    private static final Object[] NO_ROW = {};
    private final Scope scope;

    public Compiler(Scope scope) {
        this.scope = scope;
    }

    /** Computes an expression without columns. */
    public static Object constant(Expression expression, SqlType wanted) {
        Typed typed = new Compiler(new Scope()).compile(expression);
        return implicit(typed, wanted, expression).of(NO_ROW);
    }

    /** Compiles a condition. */
    public Typed condition(Expression expression, String clause) {
        Typed typed = compile(expression);
        if (typed.type() != SqlType.BOOLEAN) {
            throw new KsqlException(expression.at() + ": Type error in " + clause + " expression: Should evaluate to boolean but is "
                    + expression + " (" + typed.type() + ") instead.");
        }
        return typed;
    }

    /**
     * Compiles an expression.
     *
     * @throws KsqlException if a column or function is unknown, or types do not go together
     */
    public Typed compile(Expression expression) {
        return switch (expression) {
            case Expression.Literal e -> new Typed(e.type(), row -> e.value());
            case Expression.Reference e -> {
                Scope.Entry entry = scope.find(e);
                int index = entry.index();
                yield new Typed(entry.type(), row -> row[index]);
            }
            case Expression.Call e -> call(e);
            case Expression.Arithmetic e -> arithmetic(e);
            case Expression.Negation e -> negation(e);
            case Expression.Comparison e -> comparison(e);
            case Expression.Logical e -> logical(e);
            case Expression.Not e -> {
                Typed operand = condition(e.operand(), "NOT");
                yield truth(row -> !Boolean.TRUE.equals(operand.of(row)));
            }
            case Expression.IsNull e -> {
                Typed operand = compile(e.operand());
                yield truth(row -> operand.of(row) == null);
            }
            case Expression.In e -> in(e);
            case Expression.Like e -> like(e);
            case Expression.Case e -> caseOf(e);
            case Expression.Cast e -> {
                Typed operand = compile(e.operand());
                try {
                    yield convert(operand, e.type());
                } catch (KsqlException error) {
                    throw new KsqlException(e.at() + ": " + error.getMessage());
                }
            }
            case Expression.Subscript e -> subscript(e);
            case Expression.FieldOf e -> field(e);
            case Expression.ArrayOf e -> array(e);
            case Expression.MapOf e -> map(e);
            case Expression.StructOf e -> struct(e);
        };
    }

    private static Typed truth(Evaluator evaluator) {
        return new Typed(SqlType.BOOLEAN, evaluator);
    }

    private static Typed convert(Typed operand, SqlType type) {
        if (operand.type() == null || operand.type().equals(type)) {
            return new Typed(type, operand.evaluator());
        }
        UnaryOperator<Object> conversion = Conversion.cast(operand.type(), type);
        return new Typed(type, row -> conversion.apply(operand.of(row)));
    }

    /** Converts where the language does so by itself: to wider numbers, and text to times. */
    public static Typed implicit(Typed operand, SqlType wanted, Expression expression) {
        SqlType from = operand.type();
        boolean fits = from == null || from.equals(wanted) || Widening.possible(from, wanted)
                || from instanceof SqlType.Decimal && wanted instanceof SqlType.Decimal
                || from == SqlType.STRING && wanted.isTemporal()
                || expression instanceof Expression.Literal && from.isNumeric() && wanted.isNumeric() && fitsExactly(expression, wanted)
                || sameShape(from, wanted);
        if (!fits) {
            throw new KsqlException(expression.at() + ": " + expression + " is " + from + ", but " + wanted + " is expected.");
        }
        return convert(operand, wanted);
    }

    private static boolean sameShape(SqlType from, SqlType wanted) {
        return switch (wanted) {
            case SqlType.Array array -> from instanceof SqlType.Array source && implicitly(source.element(), array.element());
            case SqlType.MapOf map -> from instanceof SqlType.MapOf source && implicitly(source.key(), map.key())
                    && implicitly(source.value(), map.value());
            case SqlType.StructOf struct -> from instanceof SqlType.StructOf source
                    && source.fields().stream().allMatch(f -> struct.indexOf(f.name()) >= 0
                            && implicitly(f.type(), struct.fields().get(struct.indexOf(f.name())).type()));
            default -> false;
        };
    }

    private static boolean implicitly(SqlType from, SqlType wanted) {
        return from == null || from.equals(wanted) || Widening.possible(from, wanted) || sameShape(from, wanted);
    }

    private static boolean fitsExactly(Expression expression, SqlType wanted) {
        Number number = (Number) ((Expression.Literal) expression).value();
        return wanted != SqlType.INTEGER && wanted != SqlType.BIGINT || number instanceof Integer
                || number instanceof Long && wanted == SqlType.BIGINT;
    }

    // -- Functions ---------------------------------------------------------------------------------

    private Typed call(Expression.Call call) {
        ScalarFunction function = Functions.find(call.name()).orElseThrow(() -> new KsqlException(call.at() + ": "
                + (Aggregates.find(call.name()).isPresent()
                        ? "The aggregate function " + call.name() + " cannot stand here: it needs a GROUP BY, and it is"
                                + " allowed in SELECT and HAVING only."
                        : "Can't find any functions with the name '" + call.name() + "'")));
        List<Typed> arguments = call.arguments().stream().map(this::compile).toList();
        Resolved resolved;
        try {
            resolved = Functions.resolve(function, arguments.stream().map(Typed::type).toList());
        } catch (KsqlException error) {
            throw new KsqlException(call.at() + ": " + error.getMessage());
        }
        Evaluator[] parts = new Evaluator[arguments.size()];
        for (int i = 0; i < parts.length; i++) {
            SqlType target = resolved.conversions().get(i);
            parts[i] = target == null ? arguments.get(i).evaluator() : convert(arguments.get(i), target).evaluator();
        }
        return new Typed(resolved.returns(), invocation(parts, resolved.signature().seesNulls(), resolved.body()));
    }

    private static Evaluator invocation(Evaluator[] parts, boolean seesNulls, ScalarFunction.Body body) {
        return row -> {
            Object[] values = new Object[parts.length];
            for (int i = 0; i < parts.length; i++) {
                values[i] = parts[i].of(row);
                if (values[i] == null && !seesNulls) {
                    return null;
                }
            }
            return body.call(values);
        };
    }

    // -- Operators ---------------------------------------------------------------------------------

    private Typed arithmetic(Expression.Arithmetic e) {
        Typed left = compile(e.left());
        Typed right = compile(e.right());
        if (e.operator() == '+' && left.type() == SqlType.STRING && right.type() == SqlType.STRING) {
            return binary(SqlType.STRING, left, right, (a, b) -> (String) a + b);
        }
        if (left.type() == null || right.type() == null || !left.type().isNumeric() || !right.type().isNumeric()) {
            throw new KsqlException(e.at() + ": Error processing expression: " + e + ". Unsupported arithmetic types. "
                    + left.type() + " " + right.type());
        }
        SqlType type = Numbers.type(e.operator(), left.type(), right.type());
        return binary(type, left, right, Numbers.operation(e.operator(), type));
    }

    private static Typed binary(SqlType type, Typed left, Typed right, BinaryOperator<Object> operation) {
        return new Typed(type, row -> {
            Object a = left.of(row);
            Object b = right.of(row);
            return a == null || b == null ? null : operation.apply(a, b);
        });
    }

    private Typed negation(Expression.Negation e) {
        Typed operand = compile(e.operand());
        UnaryOperator<Object> negate = switch (operand.type()) {
            case SqlType.Primitive p when p == SqlType.INTEGER -> value -> -(Integer) value;
            case SqlType.Primitive p when p == SqlType.BIGINT -> value -> -(Long) value;
            case SqlType.Primitive p when p == SqlType.DOUBLE -> value -> -(Double) value;
            case SqlType.Decimal d -> value -> Numbers.big(value).negate();
            case null, default -> throw new KsqlException(e.at() + ": " + e + ": " + operand.type() + " cannot be negated.");
        };
        return new Typed(operand.type(), row -> {
            Object value = operand.of(row);
            return value == null ? null : negate.apply(value);
        });
    }

    private Typed comparison(Expression.Comparison e) {
        Typed left = compile(e.left());
        Typed right = compile(e.right());
        if (left.type() == null || right.type() == null) {
            if (e.comparator() == Expression.Comparator.DISTINCT) {
                return truth(row -> left.of(row) != right.of(row));
            }
            throw new KsqlException(e.at() + ": Comparison with NULL not supported: " + e + ". Write IS NULL or IS NOT NULL.");
        }
        // Text compared with a time is read as one.
        if (left.type().isTemporal() && right.type() == SqlType.STRING) {
            return compare(e, left, textAsTime(right, left.type(), e.right()));
        }
        if (right.type().isTemporal() && left.type() == SqlType.STRING) {
            return compare(e, textAsTime(left, right.type(), e.left()), right);
        }
        if (isMillis(e.left()) && right.type() == SqlType.STRING) {
            return compare(e, left, millis(right, e.right()));
        }
        if (isMillis(e.right()) && left.type() == SqlType.STRING) {
            return compare(e, millis(left, e.left()), right);
        }
        if (left.type() != right.type() && left.type().isTemporal() && right.type().isTemporal()
                && left.type() != SqlType.TIME && right.type() != SqlType.TIME) {
            return compare(e, convert(left, SqlType.TIMESTAMP), convert(right, SqlType.TIMESTAMP));
        }
        return compare(e, left, right);
    }

    /** ROWTIME and the bounds of windows are numbers, but may be compared with a time as text. */
    private static boolean isMillis(Expression expression) {
        return expression instanceof Expression.Reference r && Schema.RESERVED.contains(r.name())
                && (r.name().equals(Schema.ROWTIME) || r.name().startsWith("WINDOW"));
    }

    private static Typed millis(Typed text, Expression expression) {
        Typed time = textAsTime(text, SqlType.TIMESTAMP, expression);
        return new Typed(SqlType.BIGINT, row -> time.of(row) instanceof java.time.Instant instant ? instant.toEpochMilli() : null);
    }

    private static Typed textAsTime(Typed text, SqlType type, Expression expression) {
        Typed time = convert(text, type);
        if (!(expression instanceof Expression.Literal)) {
            return time;
        }
        try {
            Object once = time.of(NO_ROW);
            return new Typed(type, row -> once);
        } catch (java.time.DateTimeException error) {
            throw new KsqlException(expression.at() + ": " + expression + " is not a " + type + ": " + error.getMessage());
        }
    }

    private static Typed compare(Expression.Comparison e, Typed left, Typed right) {
        Expression.Comparator operator = e.comparator();
        boolean byEquality = operator == Expression.Comparator.EQUAL || operator == Expression.Comparator.UNEQUAL
                || operator == Expression.Comparator.DISTINCT;
        Comparator<Object> comparator = comparator(left.type(), right.type(), byEquality);
        if (comparator == null) {
            throw new KsqlException(e.at() + ": Operator " + operator.sign + " cannot be used to compare " + left.type()
                    + " (" + e.left() + ") and " + right.type() + " (" + e.right() + ")");
        }
        if (operator == Expression.Comparator.DISTINCT) {
            return truth(row -> {
                Object a = left.of(row);
                Object b = right.of(row);
                return a == null || b == null ? a != b : comparator.compare(a, b) != 0;
            });
        }
        return truth(row -> {
            Object a = left.of(row);
            Object b = right.of(row);
            if (a == null || b == null) {
                return false;
            }
            int order = comparator.compare(a, b);
            return switch (operator) {
                case EQUAL -> order == 0;
                case LESS -> order < 0;
                case LESS_OR_EQUAL -> order <= 0;
                case GREATER -> order > 0;
                case GREATER_OR_EQUAL -> order >= 0;
                default -> order != 0;
            };
        });
    }

    /** Returns how values of two types are compared, or null if they are not. */
    @SuppressWarnings("unchecked")
    private static Comparator<Object> comparator(SqlType left, SqlType right, boolean equalityOnly) {
        if (left.isNumeric() && right.isNumeric()) {
            return Numbers.comparator(left, right);
        }
        if (left == right && (left == SqlType.STRING || left.isTemporal() || left == SqlType.BYTES)) {
            return (a, b) -> ((Comparable<Object>) a).compareTo(b);
        }
        boolean alike = left.equals(right) || left.getClass() == right.getClass() && !(left instanceof SqlType.Primitive);
        return equalityOnly && alike ? (a, b) -> a.equals(b) ? 0 : 1 : null;
    }

    private Typed logical(Expression.Logical e) {
        Typed left = condition(e.left(), e.and() ? "AND" : "OR");
        Typed right = condition(e.right(), e.and() ? "AND" : "OR");
        return e.and() ? truth(row -> Boolean.TRUE.equals(left.of(row)) && Boolean.TRUE.equals(right.of(row)))
                : truth(row -> Boolean.TRUE.equals(left.of(row)) || Boolean.TRUE.equals(right.of(row)));
    }

    private Typed in(Expression.In e) {
        List<Typed> anyOf = new ArrayList<>();
        for (Expression value : e.values()) {
            if (value instanceof Expression.Literal literal && literal.type() == null) {
                continue; // nothing equals NULL
            }
            anyOf.add(comparison(new Expression.Comparison(Expression.Comparator.EQUAL, e.operand(), value, e.at())));
        }
        return truth(row -> {
            for (Typed each : anyOf) {
                if (Boolean.TRUE.equals(each.of(row))) {
                    return true;
                }
            }
            return false;
        });
    }

    private Typed like(Expression.Like e) {
        Typed operand = text(e.operand());
        Typed pattern = text(e.pattern());
        if (e.pattern() instanceof Expression.Literal literal) {
            Pattern once = likePattern((String) literal.value(), e.escape());
            return truth(row -> operand.of(row) instanceof String text && once.matcher(text).matches());
        }
        return truth(row -> operand.of(row) instanceof String text && pattern.of(row) instanceof String like
                && likePattern(like, e.escape()).matcher(text).matches());
    }

    private Typed text(Expression expression) {
        Typed typed = compile(expression);
        if (typed.type() != SqlType.STRING) {
            throw new KsqlException(expression.at() + ": LIKE compares text, but " + expression + " is " + typed.type() + ".");
        }
        return typed;
    }

    private static Pattern likePattern(String like, Character escape) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < like.length(); i++) {
            char letter = like.charAt(i);
            if (escape != null && letter == escape && i + 1 < like.length()) {
                regex.append(Pattern.quote(like.substring(++i, i + 1)));
            } else {
                regex.append(letter == '%' ? ".*" : letter == '_' ? "." : Pattern.quote(String.valueOf(letter)));
            }
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    private Typed caseOf(Expression.Case e) {
        List<Typed> conditions = new ArrayList<>();
        List<Expression> results = new ArrayList<>();
        for (Expression.When when : e.whens()) {
            conditions.add(condition(when.condition(), "CASE"));
            results.add(when.result());
        }
        if (e.otherwise() != null) {
            results.add(e.otherwise());
        }
        List<Typed> compiled = unify(results, "Invalid Case expression. Type for all 'THEN' clauses should be the same."
                + " The types are", e.at());
        Evaluator otherwise = e.otherwise() == null ? row -> null : compiled.getLast().evaluator();
        return new Typed(compiled.getFirst().type(), row -> {
            for (int i = 0; i < conditions.size(); i++) {
                if (Boolean.TRUE.equals(conditions.get(i).of(row))) {
                    return compiled.get(i).of(row);
                }
            }
            return otherwise.of(row);
        });
    }

    /** Compiles expressions and converts them to the one type that all can have. */
    private List<Typed> unify(List<Expression> expressions, String complaint, Location at) {
        List<Typed> compiled = expressions.stream().map(this::compile).toList();
        List<SqlType> types = compiled.stream().map(Typed::type).toList();
        SqlType common = Widening.common(types);
        if (common == null && types.stream().anyMatch(Objects::nonNull)) {
            throw new KsqlException(at + ": " + complaint + ": " + types);
        }
        return compiled.stream().map(typed -> convert(typed, common)).toList();
    }

    // -- Collections and structs -------------------------------------------------------------------

    private Typed subscript(Expression.Subscript e) {
        Typed operand = compile(e.operand());
        Typed index = compile(e.index());
        if (operand.type() instanceof SqlType.Array array) {
            if (index.type() != SqlType.INTEGER && index.type() != SqlType.BIGINT) {
                throw new KsqlException(e.at() + ": The index of an array is a whole number, but " + e.index() + " is " + index.type() + ".");
            }
            return new Typed(array.element(), row -> element((List<?>) operand.of(row), (Number) index.of(row)));
        }
        if (operand.type() instanceof SqlType.MapOf map) {
            Typed key = implicit(index, map.key(), e.index());
            return new Typed(map.value(), row -> operand.of(row) instanceof Map<?, ?> entries ? entries.get(key.of(row)) : null);
        }
        throw new KsqlException(e.at() + ": Only an ARRAY or a MAP has entries, but " + e.operand() + " is " + operand.type() + ".");
    }

    private static Object element(List<?> list, Number index) {
        if (list == null || index == null) {
            return null;
        }
        int place = index.intValue() > 0 ? index.intValue() - 1 : index.intValue() + list.size();
        return index.intValue() == 0 || place < 0 || place >= list.size() ? null : list.get(place);
    }

    private Typed field(Expression.FieldOf e) {
        Typed operand = compile(e.operand());
        if (!(operand.type() instanceof SqlType.StructOf struct)) {
            throw new KsqlException(e.at() + ": Only a STRUCT has fields, but " + e.operand() + " is " + operand.type() + ".");
        }
        int index = struct.indexOf(e.field());
        if (index < 0) {
            throw new KsqlException(e.at() + ": Could not find field '" + e.field() + "' in '" + e.operand() + "', which is " + struct + ".");
        }
        return new Typed(struct.fields().get(index).type(),
                row -> operand.of(row) instanceof Struct value ? value.values().get(index) : null);
    }

    private Typed array(Expression.ArrayOf e) {
        List<Typed> elements = unify(e.elements(), "All elements of an array must have one type. These have", e.at());
        if (elements.isEmpty() || elements.getFirst().type() == null) {
            throw new KsqlException(e.at() + ": Array constructor cannot be empty. Please supply at least one element.");
        }
        return new Typed(new SqlType.Array(elements.getFirst().type()), row -> {
            List<Object> list = new ArrayList<>(elements.size());
            elements.forEach(element -> list.add(element.of(row)));
            return list;
        });
    }

    private Typed map(Expression.MapOf e) {
        List<Typed> keys = unify(e.entries().stream().map(Expression.Entry::key).toList(),
                "All keys of a map must have one type. These have", e.at());
        List<Typed> values = unify(e.entries().stream().map(Expression.Entry::value).toList(),
                "All values of a map must have one type. These have", e.at());
        if (keys.isEmpty() || keys.getFirst().type() == null || values.getFirst().type() == null) {
            throw new KsqlException(e.at() + ": Map constructor cannot be empty. Please supply at least one key value pair.");
        }
        return new Typed(new SqlType.MapOf(keys.getFirst().type(), values.getFirst().type()), row -> {
            Map<Object, Object> map = new LinkedHashMap<>();
            for (int i = 0; i < keys.size(); i++) {
                map.put(keys.get(i).of(row), values.get(i).of(row));
            }
            return map;
        });
    }

    private Typed struct(Expression.StructOf e) {
        List<SqlType.Field> fields = new ArrayList<>();
        List<Typed> values = new ArrayList<>();
        e.fields().forEach((name, expression) -> {
            Typed value = compile(expression);
            if (value.type() == null) {
                throw new KsqlException(expression.at() + ": The field " + name + " needs a type: write CAST(NULL AS ...).");
            }
            fields.add(new SqlType.Field(name, value.type()));
            values.add(value);
        });
        SqlType.StructOf type = new SqlType.StructOf(fields);
        return new Typed(type, row -> {
            List<Object> each = new ArrayList<>(values.size());
            values.forEach(value -> each.add(value.of(row)));
            return new Struct(type, each);
        });
    }
}
