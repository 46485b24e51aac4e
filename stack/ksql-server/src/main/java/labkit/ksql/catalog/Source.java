package labkit.ksql.catalog;

import labkit.ksql.ast.Kind;
import labkit.ksql.serde.Format;

/**
 * A stream or table: a topic, and how to read it.
 *
 * @param keyFormat how keys are written; {@code valueFormat} likewise
 * @param window null if the keys are not windowed
 * @param timestamp null if a record's own timestamp counts
 * @param text the statement that made it
 * @param queryId the persistent query that writes it by definition, or null
 * @param readOnly made by CREATE SOURCE: cannot be written to
 */
public record Source(
        String name,
        Kind kind,
        Schema schema,
        String topic,
        Format keyFormat,
        Format valueFormat,
        WindowSpec window,
        TimestampColumn timestamp,
        String text,
        String queryId,
        boolean readOnly) {

    /** Which column is the time of a row, and how it is written if it is text (null: ISO 8601). */
    public record TimestampColumn(String column, String format) {}

    public boolean isTable() {
        return kind == Kind.TABLE;
    }

    public String schemaText() {
        return schema.text(isTable() ? "PRIMARY KEY" : "KEY");
    }
}
