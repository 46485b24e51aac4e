package labkit.ksql;

/** A statement cannot be done. The message is for whoever wrote it; it names what was seen. */
public class KsqlException extends RuntimeException {
    public KsqlException(String message) {
        super(message);
    }

    public KsqlException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Part of ksqlDB's language that this server leaves out. */
    public static KsqlException notSupported(String what) {
        return new KsqlException(what + " is not supported here; ksqlDB has it."
                + " See docs/ksql.md for what is in and what is out.");
    }
}
