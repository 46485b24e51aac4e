package labkit.ksql.function;

import labkit.ksql.ast.Expression;
import labkit.ksql.ast.Query;
import labkit.ksql.expression.Compiler;
import labkit.ksql.expression.Scope;
import labkit.ksql.expression.Typed;
import labkit.ksql.parser.Parser;
import labkit.ksql.type.SqlType;

/** An expression without columns, and what comes out of it. */
record Evaluation(SqlType type, Object value) {
    static Evaluation of(String text) {
        Query query = (Query) Parser.parse("SELECT " + text + " FROM s EMIT CHANGES;").statement();
        Expression expression = ((Query.Column) query.items().get(0)).expression();
        Typed typed = new Compiler(new Scope()).compile(expression);
        return new Evaluation(typed.type(), typed.of(new Object[0]));
    }

    /** The value as JSON, which shows nulls within arrays and tells text from numbers. */
    @Override
    public String toString() {
        return Json.text(value);
    }
}
