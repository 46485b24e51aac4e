package labkit.ksql.parser;

import labkit.ksql.KsqlException;
import labkit.ksql.ast.Location;

/** The text is not a statement of the language; the message begins with line and column. */
public final class SyntaxException extends KsqlException {
    public SyntaxException(Location at, String message) {
        super(at + ": " + message);
    }
}
