package labkit.ksql.serde;

import java.util.List;
import java.util.Locale;
import labkit.ksql.KsqlException;
import labkit.ksql.catalog.Column;
import labkit.ksql.type.SqlType;

/**
 * How a record's key or value is written.
 *
 * @param delimiter between the columns of DELIMITED
 * @param wrapped whether a single JSON column is the field of an object, or stands alone
 */
public record Format(Name name, char delimiter, boolean wrapped) {
    public enum Name { JSON, DELIMITED, KAFKA, NONE }

    public static final Format JSON_KEY = new Format(Name.JSON, ',', false);

    /**
     * Returns the format of a name.
     *
     * @throws KsqlException if ksqlDB has no such format, or only ksqlDB has it
     */
    public static Name named(String name) {
        return switch (name.toUpperCase(Locale.ROOT)) {
            case "JSON" -> Name.JSON;
            case "DELIMITED" -> Name.DELIMITED;
            case "KAFKA" -> Name.KAFKA;
            case "NONE" -> Name.NONE;
            case "AVRO", "JSON_SR", "PROTOBUF", "PROTOBUF_NOSR" ->
                throw KsqlException.notSupported("The format " + name.toUpperCase(Locale.ROOT));
            default -> throw new KsqlException("Unknown format: " + name.toUpperCase(Locale.ROOT)
                    + ". There are: JSON, DELIMITED, KAFKA, NONE.");
        };
    }

    /**
     * Returns what writes rows of these columns.
     *
     * @throws KsqlException if the format cannot hold them
     */
    public RowCodec codec(List<Column> columns, boolean key) {
        if (key && columns.isEmpty()) {
            return new NoneCodec();
        }
        return switch (name) {
            case JSON -> new JsonCodec(columns, columns.size() == 1 && !wrapped);
            case DELIMITED -> {
                columns.forEach(this::requireScalar);
                yield new DelimitedCodec(columns, delimiter);
            }
            case KAFKA -> {
                if (columns.size() != 1) {
                    throw new KsqlException((key ? "Key" : "Value") + " format does not support schema.\nformat: KAFKA\n"
                            + "schema: " + columns + "\nreason: The 'KAFKA' format only supports a single field. Got: " + columns
                            + (key ? "\nTry: WITH (KEY_FORMAT='JSON')" : ""));
                }
                yield new KafkaCodec(columns.getFirst());
            }
            case NONE -> {
                if (!columns.isEmpty()) {
                    throw new KsqlException((key ? "Key" : "Value") + " format NONE holds no columns, but there are: " + columns
                            + (key ? "\nTry: WITH (KEY_FORMAT='KAFKA')" : ""));
                }
                yield new NoneCodec();
            }
        };
    }

    private void requireScalar(Column column) {
        if (!(column.type() instanceof SqlType.Primitive) && !(column.type() instanceof SqlType.Decimal)) {
            throw new KsqlException("The '" + name + "' format does not support type '"
                    + column.type().toString().replaceFirst("<.*", "") + "', column: `" + column.name() + "`");
        }
    }

    /** True if keys of that many columns can be written. */
    public boolean takesColumns(int count) {
        return switch (name) {
            case JSON, DELIMITED -> true;
            case KAFKA -> count <= 1;
            case NONE -> count == 0;
        };
    }

    @Override
    public String toString() {
        return name.name();
    }
}
