package labkit.ksql.parser;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Expression;
import labkit.ksql.ast.Expression.Comparator;
import labkit.ksql.ast.Kind;
import labkit.ksql.ast.Location;
import labkit.ksql.ast.Parsed;
import labkit.ksql.ast.Query;
import labkit.ksql.ast.Statement;
import labkit.ksql.ast.Statement.Element;
import labkit.ksql.ast.Statement.Role;
import labkit.ksql.ast.Statement.Subject;
import labkit.ksql.grammar.KsqlParser;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.TimeUnits;
import org.antlr.v4.runtime.ParserRuleContext;

/** Turns ANTLR's parse tree into statements. */
final class AstBuilder {
    /** Functions whose first argument is a bare word such as MINUTES. */
    private static final Set<String> UNIT_FIRST =
            Set.of("TIMESTAMPADD", "TIMESTAMPSUB", "DATEADD", "DATESUB", "TIMEADD", "TIMESUB");

    private final String text;

    AstBuilder(String text) {
        this.text = text;
    }

    Statement statement(KsqlParser.StatementContext context) {
        return switch (context) {
            case KsqlParser.SelectContext c -> query(c.query());
            case KsqlParser.CreateSourceContext c -> createSource(c);
            case KsqlParser.CreateAsContext c -> new Statement.CreateAs(kind(c.kind()), name(c.source().identifier()),
                    properties(c.with()), query(c.query()), c.REPLACE() != null, c.ifNotExists() != null);
            case KsqlParser.InsertSelectContext c -> new Statement.InsertSelect(name(c.source().identifier()),
                    properties(c.with()), query(c.query()));
            case KsqlParser.InsertValuesContext c -> new Statement.InsertValues(name(c.source().identifier()),
                    c.identifier().stream().map(AstBuilder::name).toList(),
                    c.expression().stream().map(this::expression).toList());
            case KsqlParser.DropContext c -> new Statement.Drop(kind(c.kind()), name(c.source().identifier()),
                    c.IF() != null, c.DELETE() != null);
            case KsqlParser.TerminateContext c -> new Statement.Terminate(c.ALL() != null ? null : name(c.identifier()));
            case KsqlParser.PauseContext c -> new Statement.Pause(c.ALL() != null ? null : name(c.identifier()));
            case KsqlParser.ResumeContext c -> new Statement.Resume(c.ALL() != null ? null : name(c.identifier()));
            case KsqlParser.SetContext c -> new Statement.SetProperty(string(c.STRING(0).getText()), string(c.STRING(1).getText()));
            case KsqlParser.UnsetContext c -> new Statement.UnsetProperty(string(c.STRING().getText()));
            case KsqlParser.DefineContext c -> new Statement.Define(name(c.identifier()), string(c.STRING().getText()));
            case KsqlParser.UndefineContext c -> new Statement.Undefine(name(c.identifier()));
            case KsqlParser.ShowContext c -> new Statement.Show(
                    Subject.valueOf(c.subject().getText().toUpperCase(Locale.ROOT)), c.ALL() != null, c.EXTENDED() != null);
            case KsqlParser.DescribeFunctionContext c -> new Statement.DescribeFunction(name(c.identifier()));
            case KsqlParser.DescribeAllContext c ->
                new Statement.DescribeAll(c.STREAMS() != null ? Kind.STREAM : Kind.TABLE, c.EXTENDED() != null);
            case KsqlParser.DescribeContext c -> new Statement.Describe(name(c.source().identifier()), c.EXTENDED() != null);
            case KsqlParser.ExplainContext c -> c.statement() == null
                    ? new Statement.Explain(name(c.identifier()), null)
                    : new Statement.Explain(null, new Parsed(textOf(c.statement()) + ";", statement(c.statement())));
            case KsqlParser.PrintContext c -> print(c);
            default -> throw new IllegalStateException(context.getClass().getName());
        };
    }

    private Statement createSource(KsqlParser.CreateSourceContext context) {
        List<Element> elements = new ArrayList<>();
        if (context.elements() != null) {
            for (KsqlParser.ElementContext element : context.elements().element()) {
                if (element.HEADERS() != null) {
                    throw KsqlException.notSupported("A HEADERS column");
                }
                Role role = element.PRIMARY() != null ? Role.PRIMARY_KEY : element.KEY() != null ? Role.KEY : Role.VALUE;
                elements.add(new Element(name(element.identifier()), type(element.type()), role));
            }
        }
        return new Statement.CreateSource(kind(context.kind()), name(context.source().identifier()), elements,
                properties(context.with()), context.REPLACE() != null, context.ifNotExists() != null, context.SOURCE() != null);
    }

    private Statement print(KsqlParser.PrintContext context) {
        // Topics' names keep their case, also without quotes.
        String topic = context.STRING() != null ? string(context.STRING().getText())
                : context.identifier() instanceof KsqlParser.QuotedContext quoted ? name(quoted) : context.identifier().getText();
        int next = 0;
        int every = context.INTERVAL() != null || context.SAMPLE() != null
                ? Integer.parseInt(context.INTEGER(next++).getText()) : 1;
        Integer limit = context.LIMIT() != null ? Integer.valueOf(context.INTEGER(next).getText()) : null;
        return new Statement.Print(topic, context.BEGINNING() != null, Math.max(every, 1), limit);
    }

    // -- SELECT ------------------------------------------------------------------------------------

    private Query query(KsqlParser.QueryContext context) {
        List<Query.Item> items = context.item().stream().map(this::item).toList();
        KsqlParser.FromContext from = context.from();
        List<Query.Join> joins = from.join().stream().map(this::join).toList();
        Query.Emit emit = context.EMIT() == null ? null : context.FINAL() != null ? Query.Emit.FINAL : Query.Emit.CHANGES;
        return new Query(items, new Query.From(relation(from.relation()), joins),
                context.window() == null ? null : window(context.window()),
                optional(context.where), several(context.groupBy), several(context.partitionBy), optional(context.having),
                emit, context.limit == null ? null : Integer.valueOf(context.limit.getText()));
    }

    private Query.Item item(KsqlParser.ItemContext context) {
        return switch (context) {
            case KsqlParser.AllContext c -> new Query.All(null, at(c));
            case KsqlParser.AllOfContext c -> new Query.All(name(c.identifier()), at(c));
            case KsqlParser.AllFieldsContext c -> new Query.AllFields(primary(c.primary()));
            case KsqlParser.ColumnContext c ->
                new Query.Column(expression(c.expression()), c.identifier() == null ? null : name(c.identifier()));
            default -> throw new IllegalStateException(context.getClass().getName());
        };
    }

    private Query.Relation relation(KsqlParser.RelationContext context) {
        String source = name(context.source().identifier());
        return new Query.Relation(source, context.identifier() == null ? source : name(context.identifier()), at(context));
    }

    private Query.Join join(KsqlParser.JoinContext context) {
        Query.JoinType type = context.LEFT() != null ? Query.JoinType.LEFT
                : context.RIGHT() != null ? Query.JoinType.RIGHT
                : context.FULL() != null ? Query.JoinType.FULL : Query.JoinType.INNER;
        return new Query.Join(type, relation(context.relation()), context.within() != null,
                expression(context.expression()), at(context));
    }

    private Query.Window window(KsqlParser.WindowContext context) {
        return switch (context) {
            case KsqlParser.TumblingContext c ->
                window(Query.WindowType.TUMBLING, c.duration(), c.duration(), c.windowEnd());
            case KsqlParser.HoppingContext c ->
                window(Query.WindowType.HOPPING, c.duration(0), c.duration(1), c.windowEnd());
            case KsqlParser.SessionContext c -> window(Query.WindowType.SESSION, c.duration(), null, c.windowEnd());
            default -> throw new IllegalStateException(context.getClass().getName());
        };
    }

    private Query.Window window(Query.WindowType type, KsqlParser.DurationContext size, KsqlParser.DurationContext advance,
            KsqlParser.WindowEndContext end) {
        return new Query.Window(type, duration(size), duration(advance), duration(end.retention), duration(end.grace));
    }

    private static Duration duration(KsqlParser.DurationContext context) {
        if (context == null) {
            return null;
        }
        return Duration.of(Long.parseLong(context.INTEGER().getText()), TimeUnits.named(context.unit().getText()));
    }

    // -- Expressions -------------------------------------------------------------------------------

    private List<Expression> several(KsqlParser.ExpressionsContext context) {
        return context == null ? List.of() : context.expression().stream().map(this::expression).toList();
    }

    private Expression optional(KsqlParser.ExpressionContext context) {
        return context == null ? null : expression(context);
    }

    private Expression expression(KsqlParser.ExpressionContext context) {
        return switch (context) {
            case KsqlParser.NotContext c -> new Expression.Not(expression(c.expression()), at(c));
            case KsqlParser.AndContext c -> new Expression.Logical(true, expression(c.left), expression(c.right), at(c));
            case KsqlParser.OrContext c -> new Expression.Logical(false, expression(c.left), expression(c.right), at(c));
            case KsqlParser.TruthContext c -> predicate(c.predicate());
            default -> throw new IllegalStateException(context.getClass().getName());
        };
    }

    private Expression predicate(KsqlParser.PredicateContext context) {
        Location at = at(context);
        return switch (context) {
            case KsqlParser.PlainContext c -> value(c.value());
            case KsqlParser.CompareContext c ->
                new Expression.Comparison(comparator(c.comparison().getText()), value(c.left), value(c.right), at);
            case KsqlParser.BetweenContext c -> negatedIf(c.NOT() != null, new Expression.Logical(true,
                    new Expression.Comparison(Comparator.GREATER_OR_EQUAL, value(c.value(0)), value(c.lower), at),
                    new Expression.Comparison(Comparator.LESS_OR_EQUAL, value(c.value(0)), value(c.upper), at), at));
            case KsqlParser.InContext c -> negatedIf(c.NOT() != null, new Expression.In(value(c.value()),
                    c.expression().stream().map(this::expression).toList(), at));
            case KsqlParser.LikeContext c -> negatedIf(c.NOT() != null,
                    new Expression.Like(value(c.value(0)), value(c.pattern), escape(c), at));
            case KsqlParser.IsNullContext c -> negatedIf(c.NOT() != null, new Expression.IsNull(value(c.value()), at));
            case KsqlParser.DistinctContext c -> negatedIf(c.NOT() != null,
                    new Expression.Comparison(Comparator.DISTINCT, value(c.left), value(c.right), at));
            default -> throw new IllegalStateException(context.getClass().getName());
        };
    }

    private static Expression negatedIf(boolean negated, Expression expression) {
        return negated ? new Expression.Not(expression, expression.at()) : expression;
    }

    private static Comparator comparator(String sign) {
        return switch (sign) {
            case "=" -> Comparator.EQUAL;
            case "<>", "!=" -> Comparator.UNEQUAL;
            case "<" -> Comparator.LESS;
            case "<=" -> Comparator.LESS_OR_EQUAL;
            case ">" -> Comparator.GREATER;
            default -> Comparator.GREATER_OR_EQUAL;
        };
    }

    private static Character escape(KsqlParser.LikeContext context) {
        if (context.STRING() == null) {
            return null;
        }
        String escape = string(context.STRING().getText());
        if (escape.length() != 1) {
            throw new SyntaxException(at(context), "Expected single character escape but got: " + escape);
        }
        return escape.charAt(0);
    }

    private Expression value(KsqlParser.ValueContext context) {
        return switch (context) {
            case KsqlParser.SimpleContext c -> primary(c.primary());
            case KsqlParser.SignedContext c ->
                c.sign.getText().equals("-") ? new Expression.Negation(value(c.value()), at(c)) : value(c.value());
            case KsqlParser.ArithmeticContext c ->
                new Expression.Arithmetic(c.operator.getText().replace("||", "+").charAt(0), value(c.left), value(c.right), at(c));
            default -> throw new IllegalStateException(context.getClass().getName());
        };
    }

    private Expression primary(KsqlParser.PrimaryContext context) {
        Location at = at(context);
        return switch (context) {
            case KsqlParser.ConstantContext c -> literal(c.literal());
            case KsqlParser.CaseContext c -> caseOf(c);
            case KsqlParser.CastContext c -> new Expression.Cast(expression(c.expression()), type(c.type()), at);
            case KsqlParser.ArrayOfContext c -> new Expression.ArrayOf(all(c.expression()), at);
            case KsqlParser.MapOfContext c -> {
                List<Expression.Entry> entries = new ArrayList<>();
                List<Expression> parts = all(c.expression());
                for (int i = 0; i < parts.size(); i += 2) {
                    entries.add(new Expression.Entry(parts.get(i), parts.get(i + 1)));
                }
                yield new Expression.MapOf(entries, at);
            }
            case KsqlParser.StructOfContext c -> {
                LinkedHashMap<String, Expression> fields = new LinkedHashMap<>();
                for (int i = 0; i < c.identifier().size(); i++) {
                    if (fields.put(name(c.identifier(i)), expression(c.expression(i))) != null) {
                        throw new SyntaxException(at, "The struct has two fields `" + name(c.identifier(i)) + "`.");
                    }
                }
                yield new Expression.StructOf(fields, at);
            }
            case KsqlParser.CallContext c -> call(c);
            case KsqlParser.ReferenceContext c -> c.identifier().size() == 1
                    ? new Expression.Reference(null, name(c.identifier(0)), at)
                    : new Expression.Reference(name(c.identifier(0)), name(c.identifier(1)), at);
            case KsqlParser.FieldContext c -> new Expression.FieldOf(primary(c.primary()), name(c.identifier()), at);
            case KsqlParser.SubscriptContext c -> new Expression.Subscript(primary(c.primary()), value(c.value()), at);
            case KsqlParser.ParenthesesContext c -> expression(c.expression());
            default -> throw new IllegalStateException(context.getClass().getName());
        };
    }

    private Expression caseOf(KsqlParser.CaseContext context) {
        List<KsqlParser.ExpressionContext> parts = new ArrayList<>(context.expression());
        if (context.operand != null) {
            throw new SyntaxException(at(context), "Only the searched form is supported: CASE WHEN condition THEN result"
                    + " ... END. Write the comparison into each WHEN.");
        }
        parts.remove(context.otherwise);
        List<Expression.When> whens = new ArrayList<>();
        for (int i = 0; i < parts.size(); i += 2) {
            whens.add(new Expression.When(expression(parts.get(i)), expression(parts.get(i + 1))));
        }
        return new Expression.Case(whens, optional(context.otherwise), at(context));
    }

    private Expression call(KsqlParser.CallContext context) {
        String function = name(context.identifier());
        List<Expression> arguments = new ArrayList<>();
        for (KsqlParser.ArgumentContext argument : context.argument()) {
            if (argument.lambda() != null) {
                throw KsqlException.notSupported("A lambda function (" + textOf(argument) + ")");
            }
            arguments.add(expression(argument.expression()));
        }
        if (UNIT_FIRST.contains(function) && !arguments.isEmpty()
                && arguments.getFirst() instanceof Expression.Reference(String source, String unit, Location at)
                && source == null) {
            arguments.set(0, new Expression.Literal(unit, SqlType.STRING, at));
        }
        return new Expression.Call(function, List.copyOf(arguments), at(context));
    }

    private List<Expression> all(List<KsqlParser.ExpressionContext> contexts) {
        return contexts.stream().map(this::expression).toList();
    }

    // -- Words -------------------------------------------------------------------------------------

    private static Expression.Literal literal(KsqlParser.LiteralContext context) {
        Location at = at(context);
        String text = context.getText();
        return switch (context) {
            case KsqlParser.NullLiteralContext c -> new Expression.Literal(null, null, at);
            case KsqlParser.BooleanLiteralContext c -> new Expression.Literal(c.TRUE() != null, SqlType.BOOLEAN, at);
            case KsqlParser.StringLiteralContext c -> new Expression.Literal(string(text), SqlType.STRING, at);
            case KsqlParser.IntegerLiteralContext c -> integer(text, at);
            case KsqlParser.DecimalLiteralContext c -> {
                BigDecimal number = new BigDecimal(text);
                int scale = Math.max(number.scale(), 0);
                yield new Expression.Literal(number.setScale(scale),
                        new SqlType.Decimal(Math.max(number.precision(), scale), scale), at);
            }
            case KsqlParser.FloatLiteralContext c -> new Expression.Literal(Double.valueOf(text), SqlType.DOUBLE, at);
            default -> throw new IllegalStateException(context.getClass().getName());
        };
    }

    private static Expression.Literal integer(String text, Location at) {
        try {
            long number = Long.parseLong(text);
            return number == (int) number ? new Expression.Literal((int) number, SqlType.INTEGER, at)
                    : new Expression.Literal(number, SqlType.BIGINT, at);
        } catch (NumberFormatException e) {
            throw new SyntaxException(at, "Invalid numeric literal: " + text + " (it does not fit into a BIGINT)");
        }
    }

    private static Map<String, Object> properties(KsqlParser.WithContext context) {
        Map<String, Object> properties = new LinkedHashMap<>();
        if (context != null) {
            for (KsqlParser.PropertyContext property : context.property()) {
                String name = property.STRING() != null ? string(property.STRING().getText()) : name(property.identifier());
                name = name.toUpperCase(Locale.ROOT);
                if (properties.put(name, literal(property.literal()).value()) != null) {
                    throw new SyntaxException(at(property), "Duplicate property: " + name);
                }
            }
        }
        return properties;
    }

    private static SqlType type(KsqlParser.TypeContext context) {
        return switch (context) {
            case KsqlParser.ArrayTypeContext c -> new SqlType.Array(type(c.type()));
            case KsqlParser.MapTypeContext c -> new SqlType.MapOf(type(c.type(0)), type(c.type(1)));
            case KsqlParser.StructTypeContext c -> {
                List<SqlType.Field> fields = new ArrayList<>();
                for (int i = 0; i < c.identifier().size(); i++) {
                    fields.add(new SqlType.Field(name(c.identifier(i)), type(c.type(i))));
                }
                yield new SqlType.StructOf(fields);
            }
            case KsqlParser.NamedTypeContext c -> namedType(c);
            default -> throw new IllegalStateException(context.getClass().getName());
        };
    }

    private static SqlType namedType(KsqlParser.NamedTypeContext context) {
        String name = name(context.identifier());
        return switch (name) {
            case "BOOLEAN" -> SqlType.BOOLEAN;
            case "INT", "INTEGER" -> SqlType.INTEGER;
            case "BIGINT" -> SqlType.BIGINT;
            case "DOUBLE" -> SqlType.DOUBLE;
            case "VARCHAR", "STRING" -> SqlType.STRING;
            case "BYTES" -> SqlType.BYTES;
            case "TIMESTAMP" -> SqlType.TIMESTAMP;
            case "DATE" -> SqlType.DATE;
            case "TIME" -> SqlType.TIME;
            case "DECIMAL" -> {
                if (context.INTEGER().size() != 2) {
                    throw new SyntaxException(at(context), "DECIMAL needs a precision and a scale, as in DECIMAL(10, 2).");
                }
                yield new SqlType.Decimal(Integer.parseInt(context.INTEGER(0).getText()), Integer.parseInt(context.INTEGER(1).getText()));
            }
            default -> throw new SyntaxException(at(context), "Cannot resolve unknown type: " + name);
        };
    }

    private static Kind kind(KsqlParser.KindContext context) {
        return context.STREAM() != null ? Kind.STREAM : Kind.TABLE;
    }

    /** Names are upper-case unless they are quoted. */
    private static String name(KsqlParser.IdentifierContext context) {
        String text = context.getText();
        return switch (context) {
            case KsqlParser.QuotedContext c -> {
                String quote = text.substring(0, 1);
                yield text.substring(1, text.length() - 1).replace(quote + quote, quote);
            }
            case KsqlParser.DigitsFirstContext c -> throw new SyntaxException(at(c),
                    "A name cannot begin with a digit: " + text + ". Quote it: `" + text + "`");
            default -> text.toUpperCase(Locale.ROOT);
        };
    }

    private static String string(String quoted) {
        return quoted.substring(1, quoted.length() - 1).replace("''", "'");
    }

    private String textOf(ParserRuleContext context) {
        int start = text.offsetByCodePoints(0, context.getStart().getStartIndex());
        int length = context.getStop().getStopIndex() - context.getStart().getStartIndex() + 1;
        return text.substring(start, text.offsetByCodePoints(start, length));
    }

    private static Location at(ParserRuleContext context) {
        return Parser.location(context.getStart());
    }
}
