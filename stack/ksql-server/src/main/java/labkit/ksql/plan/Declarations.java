package labkit.ksql.plan;

import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Kind;
import labkit.ksql.ast.Query.WindowType;
import labkit.ksql.ast.Statement.CreateSource;
import labkit.ksql.ast.Statement.Element;
import labkit.ksql.ast.Statement.Role;
import labkit.ksql.catalog.Column;
import labkit.ksql.catalog.Schema;
import labkit.ksql.catalog.Source;
import labkit.ksql.catalog.WindowSpec;
import labkit.ksql.serde.Format;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.TimeUnits;

/** What stands in WITH (...), and the sources that CREATE STREAM and CREATE TABLE declare. */
public final class Declarations {
    private static final Set<String> FOR_ALL = Set.of("KAFKA_TOPIC", "FORMAT", "KEY_FORMAT", "VALUE_FORMAT", "KEY_DELIMITER",
            "VALUE_DELIMITER", "PARTITIONS", "REPLICAS", "TIMESTAMP", "TIMESTAMP_FORMAT", "WRAP_SINGLE_VALUE", "RETENTION_MS");
    private static final Set<String> FOR_DECLARED = Set.of("WINDOW_TYPE", "WINDOW_SIZE");
    private static final Pattern DURATION = Pattern.compile("\\s*(\\d{1,12})\\s+([A-Z]+)\\s*", Pattern.CASE_INSENSITIVE);

    private Declarations() {}

    /**
     * Returns the source that a statement declares.
     *
     * @param defaults values of ksql.persistence.default.format.key and .value, null if there is none
     */
    public static Source source(CreateSource statement, String text, Defaults defaults) {
        Map<String, Object> with = statement.properties();
        requireKnown(with, true);
        String topic = string(with, "KAFKA_TOPIC", null);
        if (topic == null) {
            throw new KsqlException("Missing required property \"KAFKA_TOPIC\" which has no default value.");
        }
        Schema schema = schema(statement);
        Format key = keyFormat(with, defaults.keyFormat());
        Format value = valueFormat(with, defaults.valueFormat());
        if (value == null) {
            throw new KsqlException("Missing required property \"VALUE_FORMAT\" which has no default value.");
        }
        WindowSpec window = window(with);
        if (window != null && schema.key().isEmpty()) {
            throw new KsqlException("Windowed sources require a key column.");
        }
        Source source = new Source(statement.name(), statement.kind(), schema, topic, key, value, window,
                timestamp(with, schema), text, null, statement.readOnly());
        requireWritable(source.schema(), key, value);
        requireOneIfUnwrapped(with, schema.value());
        return source;
    }

    /** The formats of sources that do not name one; {@code valueFormat} may be null. */
    public record Defaults(String keyFormat, String valueFormat) {}

    private static Schema schema(CreateSource statement) {
        boolean table = statement.kind() == Kind.TABLE;
        if (statement.elements().isEmpty()) {
            throw new KsqlException("The statement does not define any columns. (ksqlDB could look them up in a schema registry;"
                    + " here they have to be written.)");
        }
        List<Column> key = new ArrayList<>();
        List<Column> value = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Element element : statement.elements()) {
            if (Schema.RESERVED.contains(element.name())) {
                throw new KsqlException("'" + element.name() + "' is a reserved column name. You cannot use it as a name for a column.");
            }
            if (!names.add(element.name())) {
                throw new KsqlException("Duplicate column names: " + element.name());
            }
            if (table && element.role() == Role.KEY) {
                throw new KsqlException("Column `" + element.name() + "` is a 'KEY' column: please use 'PRIMARY KEY' for tables."
                        + "\nTables have PRIMARY KEYs, which are unique and NON NULL.\nStreams have KEYs, which have no uniqueness or NON NULL constraints.");
            }
            if (!table && element.role() == Role.PRIMARY_KEY) {
                throw new KsqlException("Column `" + element.name() + "` is a 'PRIMARY KEY' column: please use 'KEY' for streams."
                        + "\nTables have PRIMARY KEYs, which are unique and NON NULL.\nStreams have KEYs, which have no uniqueness or NON NULL constraints.");
            }
            (element.role() == Role.VALUE ? value : key).add(new Column(element.name(), element.type()));
        }
        if (table && key.isEmpty()) {
            throw new KsqlException("Tables require a PRIMARY KEY. Please define the PRIMARY KEY.");
        }
        if (value.isEmpty()) {
            throw new KsqlException("The statement does not define any value columns: at least one is needed besides the key.");
        }
        for (Column column : key) {
            if (holdsMap(column.type())) {
                throw new KsqlException("Map keys, including types that contain maps, are not supported as they may lead to unexpected"
                        + " behavior due to inconsistent serialization. Key column name: `" + column.name() + "`. Column type: " + column.type());
            }
        }
        return new Schema(key, value);
    }

    static boolean holdsMap(SqlType type) {
        return switch (type) {
            case SqlType.MapOf m -> true;
            case SqlType.Array array -> holdsMap(array.element());
            case SqlType.StructOf struct -> struct.fields().stream().anyMatch(f -> holdsMap(f.type()));
            default -> false;
        };
    }

    /** Fails unless the formats can hold the columns. */
    static void requireWritable(Schema schema, Format key, Format value) {
        if (!schema.key().isEmpty() || key.name() != Format.Name.NONE) {
            key.codec(schema.key(), true);
        }
        value.codec(schema.value(), false);
    }

    /** Fails if a single value is to be wrapped, or not, and there is not a single one. */
    static void requireOneIfUnwrapped(Map<String, Object> with, List<Column> value) {
        if (with.containsKey("WRAP_SINGLE_VALUE") && value.size() != 1) {
            throw new KsqlException("'WRAP_SINGLE_VALUE' is only valid for single-field value schemas, but there are: "
                    + value.stream().map(Column::name).toList());
        }
    }

    // -- WITH (...) --------------------------------------------------------------------------------

    static void requireKnown(Map<String, Object> with, boolean declared) {
        for (String name : with.keySet()) {
            if (!FOR_ALL.contains(name) && !(declared && FOR_DECLARED.contains(name))) {
                if (Set.of("KEY_SCHEMA_ID", "VALUE_SCHEMA_ID", "KEY_SCHEMA_FULL_NAME", "VALUE_SCHEMA_FULL_NAME", "VALUE_AVRO_SCHEMA_FULL_NAME",
                        "KEY_PROTOBUF_NULLABLE_REPRESENTATION", "VALUE_PROTOBUF_NULLABLE_REPRESENTATION", "SOURCED_BY_CONNECTOR").contains(name)) {
                    throw KsqlException.notSupported("The property " + name);
                }
                throw new KsqlException("Invalid config variable(s) in the WITH clause: " + name);
            }
        }
        if (with.containsKey("FORMAT") && (with.containsKey("KEY_FORMAT") || with.containsKey("VALUE_FORMAT"))) {
            throw new KsqlException("Cannot supply both 'VALUE_FORMAT' (or 'KEY_FORMAT') and 'FORMAT' properties, as 'FORMAT' sets both"
                    + " key and value formats. Either remove the 'FORMAT' property or the others.");
        }
    }

    static Format keyFormat(Map<String, Object> with, String fallback) {
        String name = string(with, "KEY_FORMAT", string(with, "FORMAT", fallback));
        return new Format(Format.named(name), delimiter(with, "KEY_DELIMITER", ','), false);
    }

    /** Returns null if none is named and there is no fallback. */
    static Format valueFormat(Map<String, Object> with, String fallback) {
        String name = string(with, "VALUE_FORMAT", string(with, "FORMAT", fallback));
        if (name == null) {
            return null;
        }
        Object wrap = with.getOrDefault("WRAP_SINGLE_VALUE", true);
        boolean wrapped = Boolean.parseBoolean(wrap.toString());
        Format.Name format = Format.named(name);
        if (with.containsKey("WRAP_SINGLE_VALUE") && format != Format.Name.JSON) {
            throw new KsqlException("Format '" + format + "' does not support 'WRAP_SINGLE_VALUE'.");
        }
        return new Format(format, delimiter(with, "VALUE_DELIMITER", ','), wrapped);
    }

    private static char delimiter(Map<String, Object> with, String property, char fallback) {
        String text = string(with, property, String.valueOf(fallback));
        return switch (text.toUpperCase(Locale.ROOT)) {
            case "SPACE" -> ' ';
            case "TAB" -> '\t';
            default -> {
                if (text.length() != 1 || text.isBlank()) {
                    throw new KsqlException("Invalid delimiter value: '" + text + "': must be a single character, 'SPACE' or 'TAB'.");
                }
                yield text.charAt(0);
            }
        };
    }

    private static WindowSpec window(Map<String, Object> with) {
        String type = string(with, "WINDOW_TYPE", null);
        String size = string(with, "WINDOW_SIZE", null);
        if (type == null) {
            if (size != null) {
                throw new KsqlException("'WINDOW_SIZE' should not be set without 'WINDOW_TYPE'.");
            }
            return null;
        }
        WindowType kind;
        try {
            kind = WindowType.valueOf(type.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException error) {
            throw new KsqlException("Unknown window type: '" + type + "'. There are: TUMBLING, HOPPING, SESSION.");
        }
        if (kind == WindowType.SESSION) {
            if (size != null) {
                throw new KsqlException("'WINDOW_SIZE' should not be set for SESSION windows.");
            }
            return new WindowSpec(kind, null);
        }
        if (size == null) {
            throw new KsqlException(kind + " windows require 'WINDOW_SIZE' to be provided in the WITH clause. For example: 'WINDOW_SIZE'='10 SECONDS'");
        }
        return new WindowSpec(kind, duration(size));
    }

    private static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (matcher.matches()) {
            return Duration.of(Long.parseLong(matcher.group(1)), TimeUnits.named(matcher.group(2)));
        }
        throw new KsqlException("Invalid duration: '" + text + "'. Should be of the form '10 SECONDS'.");
    }

    static Source.TimestampColumn timestamp(Map<String, Object> with, Schema schema) {
        String name = string(with, "TIMESTAMP", null);
        String format = string(with, "TIMESTAMP_FORMAT", null);
        if (name == null) {
            if (format != null) {
                throw new KsqlException("'TIMESTAMP_FORMAT' is set, but not 'TIMESTAMP'.");
            }
            return null;
        }
        String column = name.matches("`.*`") ? name.substring(1, name.length() - 1) : name.toUpperCase(Locale.ROOT);
        SqlType type = schema.columns().stream().filter(c -> c.name().equals(column)).map(Column::type).findFirst()
                .orElseThrow(() -> new KsqlException("The TIMESTAMP column set in the WITH clause does not exist in the schema: '" + column + "'"));
        if (type != SqlType.BIGINT && type != SqlType.TIMESTAMP && type != SqlType.STRING) {
            throw new KsqlException("Timestamp column, `" + column + "`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format"
                    + " specified. It is " + type + ".");
        }
        if (type == SqlType.STRING && format == null) {
            throw new KsqlException("A String timestamp field must have a format specified via the timestamp_format config: `" + column + "`");
        }
        if (type != SqlType.STRING && format != null) {
            throw new KsqlException("'TIMESTAMP_FORMAT' set, but the column `" + column + "` is " + type + ", not a String.");
        }
        if (format != null) {
            formatter(format);
        }
        return new Source.TimestampColumn(column, format);
    }

    /** Returns the formatter for a TIMESTAMP_FORMAT; UTC where the pattern has no zone. */
    public static DateTimeFormatter formatter(String pattern) {
        try {
            return DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withZone(ZoneOffset.UTC);
        } catch (IllegalArgumentException error) {
            throw new KsqlException("Invalid TIMESTAMP_FORMAT '" + pattern + "': " + error.getMessage());
        }
    }

    /** Returns a property as text, or the fallback. */
    public static String string(Map<String, Object> with, String name, String fallback) {
        Object value = with.get(name);
        return value == null ? fallback : value.toString();
    }

    /** Returns a property as a positive whole number, or null if it is not there. */
    public static Integer number(Map<String, Object> with, String name) {
        Object value = with.get(name);
        if (value == null) {
            return null;
        }
        try {
            int number = Integer.parseInt(value.toString());
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException error) {
            // falls through to the explanation
        }
        throw new KsqlException("Invalid value for '" + name + "': " + value + ". It must be a whole number from 1.");
    }
}
