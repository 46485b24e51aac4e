package labkit.ksql.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Expression;
import labkit.ksql.ast.Statement.InsertValues;
import labkit.ksql.catalog.Column;
import labkit.ksql.catalog.Schema;
import labkit.ksql.catalog.Source;
import labkit.ksql.expression.Compiler;
import labkit.ksql.serde.Format;
import labkit.ksql.type.SqlType;
import org.apache.kafka.clients.producer.ProducerRecord;

/** A row that is written by hand, as a record of the topic. */
public final class Insertion {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final Source target;
    private final Map<String, Object> values = new HashMap<>();

    private Insertion(Source target) {
        this.target = target;
        if (target.readOnly()) {
            throw new KsqlException("Cannot insert into read-only " + target.kind().word() + ": " + target.name());
        }
        if (target.window() != null) {
            throw new KsqlException("Cannot insert values into the windowed " + target.kind().word() + " "
                    + target.name()
                    + ": INSERT VALUES has no way to write the window.");
        }
    }

    /**
     * Makes a record of INSERT INTO ... VALUES.
     *
     * @throws KsqlException if a column is unknown, or a value does not fit
     */
    public static ProducerRecord<byte[], byte[]> of(Source target, InsertValues statement) {
        Insertion row = new Insertion(target);
        List<Column> columns = statement.columns().isEmpty() ? target.schema().columns()
                : statement.columns().stream().map(row::column).toList();
        if (columns.size() != statement.values().size()) {
            throw new KsqlException(statement.columns().isEmpty()
                    ? "Expected a value for each column. Expected columns: "
                    + columns.stream().map(Column::name).toList() + ". Got "
                            + statement.values() + "."
                    : "Columns and values must be of the same number, but there are " + columns.size() + " columns: "
                    + statement.columns()
                            + ", and " + statement.values().size() + " values: " + statement.values() + ".");
        }
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            row.put(column.name(), constant(statement.values().get(i), column));
        }
        return row.record();
    }

    /** Makes a record of a row in JSON; names are those of columns, in any case unless in backticks. */
    public static ProducerRecord<byte[], byte[]> of(Source target, Map<String, JsonNode> columns) {
        Insertion row = new Insertion(target);
        columns.forEach((name, value) -> {
            boolean quoted = name.length() > 1 && name.startsWith("`") && name.endsWith("`");
            String exact = quoted ? name.substring(1, name.length() - 1) : name;
            Column column = row.find(exact) != null || quoted ? row.column(exact)
                    : row.column(name.toUpperCase(Locale.ROOT));
            row.put(column.name(), read(column, value));
        });
        return row.record();
    }

    private static Object constant(Expression expression, Column column) {
        try {
            return Compiler.constant(expression, column.type());
        } catch (KsqlException error) {
            throw new KsqlException("Column " + column + ": " + error.getMessage(), error);
        } catch (RuntimeException error) {
            throw new KsqlException("Column " + column + ": " + expression + " cannot be computed: "
                    + error.getMessage(), error);
        }
    }

    private static Object read(Column column, JsonNode value) {
        try {
            ObjectNode alone = JSON.createObjectNode().set(column.name(), value);
            return new Format(Format.Name.JSON, ',', true).codec(List.of(column), false)
                    .decode(JSON.writeValueAsBytes(alone))[0];
        } catch (IOException | RuntimeException error) {
            throw new KsqlException("Column " + column + " cannot take " + value + ": " + error.getMessage(), error);
        }
    }

    private Column find(String name) {
        if (name.equals(Schema.ROWTIME)) {
            return new Column(Schema.ROWTIME, SqlType.BIGINT);
        }
        return target.schema().columns().stream().filter(column -> column.name().equals(name)).findFirst().orElse(null);
    }

    private Column column(String name) {
        Column found = find(name);
        if (found == null) {
            throw new KsqlException("Column name `" + name + "` does not exist in " + target.name() + ". There are: "
                    + String.join(", ", target.schema().columns().stream().map(Column::name).toList()) + ", ROWTIME.");
        }
        return found;
    }

    private void put(String name, Object value) {
        if (values.containsKey(name)) {
            throw new KsqlException("Column `" + name + "` is given twice.");
        }
        values.put(name, value);
    }

    private ProducerRecord<byte[], byte[]> record() {
        List<Column> keys = target.schema().key();
        for (Column key : keys) {
            if (target.isTable() && values.get(key.name()) == null) {
                throw new KsqlException("Failed to insert values into '" + target.name()
                        + "'. Value for primary key column(s) "
                        + key.name() + " is required for tables.");
            }
        }
        Long time = (Long) values.get(Schema.ROWTIME);
        if (time != null && time < 0) {
            throw new KsqlException("ROWTIME must not be negative, but is " + time + ".");
        }
        boolean keyless = keys.stream().allMatch(key -> values.get(key.name()) == null);
        return new ProducerRecord<>(target.topic(), null, time,
                keyless ? null : bytes(keys, target.keyFormat(), true),
                bytes(target.schema().value(), target.valueFormat(), false));
    }

    private byte[] bytes(List<Column> columns, Format format, boolean key) {
        try {
            return format.codec(columns, key).encode(columns.stream().map(column -> values.get(column.name()))
                    .toArray());
        } catch (IOException | RuntimeException error) {
            throw new KsqlException("Failed to insert values into '" + target.name() + "'. The "
                    + (key ? "key" : "value")
                    + " cannot be written as " + format + ": " + error.getMessage(), error);
        }
    }
}
