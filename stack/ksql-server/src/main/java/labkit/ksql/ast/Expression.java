package labkit.ksql.ast;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import labkit.ksql.type.SqlType;

/** An expression as it was written; {@code toString} gives it back in the language. */
public sealed interface Expression {
    Location at();

    /** The parts that are expressions, in order. */
    List<Expression> children();

    /** This expression and all below it. */
    default Stream<Expression> walk() {
        return Stream.concat(Stream.of(this), children().stream().flatMap(Expression::walk));
    }

    /** A constant; the type of NULL is null. */
    record Literal(Object value, SqlType type, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of();
        }

        @Override
        public String toString() {
            return value instanceof String text ? "'" + text.replace("'", "''") + "'"
                    : value == null ? "null" : value.toString();
        }
    }

    /** A column, perhaps with the name or alias of its source. */
    record Reference(String source, String name, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of();
        }

        @Override
        public String toString() {
            return source == null ? name : source + "." + name;
        }
    }

    /** A function, of one row or of many; {@code COUNT(*)} has no arguments. */
    record Call(String name, List<Expression> arguments, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return arguments;
        }

        @Override
        public String toString() {
            return name + arguments.stream().map(Object::toString).collect(Collectors.joining(", ", "(", ")"));
        }
    }

    /** One of {@code + - * / %}. */
    record Arithmetic(char operator, Expression left, Expression right, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(left, right);
        }

        @Override
        public String toString() {
            return "(" + left + " " + operator + " " + right + ")";
        }
    }

    record Negation(Expression operand, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(operand);
        }

        @Override
        public String toString() {
            return "-" + operand;
        }
    }

    enum Comparator {
        EQUAL("="), UNEQUAL("<>"), LESS("<"), LESS_OR_EQUAL("<="), GREATER(">"), GREATER_OR_EQUAL(">="),
        DISTINCT("IS DISTINCT FROM");

        public final String sign;

        Comparator(String sign) {
            this.sign = sign;
        }
    }

    record Comparison(Comparator comparator, Expression left, Expression right, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(left, right);
        }

        @Override
        public String toString() {
            return "(" + left + " " + comparator.sign + " " + right + ")";
        }
    }

    /** AND or OR. */
    record Logical(boolean and, Expression left, Expression right, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(left, right);
        }

        @Override
        public String toString() {
            return "(" + left + (and ? " AND " : " OR ") + right + ")";
        }
    }

    record Not(Expression operand, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(operand);
        }

        @Override
        public String toString() {
            return "(NOT " + operand + ")";
        }
    }

    record IsNull(Expression operand, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(operand);
        }

        @Override
        public String toString() {
            return "(" + operand + " IS NULL)";
        }
    }

    record In(Expression operand, List<Expression> values, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return Stream.concat(Stream.of(operand), values.stream()).toList();
        }

        @Override
        public String toString() {
            return "(" + operand + values.stream().map(Object::toString).collect(Collectors.joining(", ", " IN (", "))"));
        }
    }

    /** LIKE; {@code escape} is null if there is none. */
    record Like(Expression operand, Expression pattern, Character escape, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(operand, pattern);
        }

        @Override
        public String toString() {
            return "(" + operand + " LIKE " + pattern + (escape == null ? "" : " ESCAPE '" + escape + "'") + ")";
        }
    }

    record When(Expression condition, Expression result) {}

    /** CASE WHEN ...; {@code otherwise} is null if there is no ELSE. */
    record Case(List<When> whens, Expression otherwise, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            Stream<Expression> parts = whens.stream().flatMap(when -> Stream.of(when.condition(), when.result()));
            return Stream.concat(parts, Stream.ofNullable(otherwise)).toList();
        }

        @Override
        public String toString() {
            return "(CASE" + whens.stream().map(w -> " WHEN " + w.condition() + " THEN " + w.result())
                    .collect(Collectors.joining()) + (otherwise == null ? "" : " ELSE " + otherwise) + " END)";
        }
    }

    record Cast(Expression operand, SqlType type, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(operand);
        }

        @Override
        public String toString() {
            return "CAST(" + operand + " AS " + type + ")";
        }
    }

    /** An entry of an array (from 1, or from the end with -1) or of a map. */
    record Subscript(Expression operand, Expression index, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(operand, index);
        }

        @Override
        public String toString() {
            return operand + "[" + index + "]";
        }
    }

    /** A field of a struct. */
    record FieldOf(Expression operand, String field, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(operand);
        }

        @Override
        public String toString() {
            return operand + "->" + field;
        }
    }

    record ArrayOf(List<Expression> elements, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return elements;
        }

        @Override
        public String toString() {
            return "ARRAY" + elements;
        }
    }

    record Entry(Expression key, Expression value) {}

    record MapOf(List<Entry> entries, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return entries.stream().flatMap(entry -> Stream.of(entry.key(), entry.value())).toList();
        }

        @Override
        public String toString() {
            return entries.stream().map(e -> e.key() + ":=" + e.value()).collect(Collectors.joining(", ", "MAP(", ")"));
        }
    }

    record StructOf(LinkedHashMap<String, Expression> fields, Location at) implements Expression {
        @Override
        public List<Expression> children() {
            return List.copyOf(fields.values());
        }

        @Override
        public String toString() {
            return fields.entrySet().stream().map(e -> e.getKey() + ":=" + e.getValue())
                    .collect(Collectors.joining(", ", "STRUCT(", ")"));
        }
    }
}
