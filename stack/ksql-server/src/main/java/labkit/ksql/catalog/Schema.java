package labkit.ksql.catalog;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import labkit.ksql.type.SqlType;

/** The columns of a source: those in the record's key and those in its value. */
public record Schema(List<Column> key, List<Column> value) {
    public static final String ROWTIME = "ROWTIME";
    public static final String ROWPARTITION = "ROWPARTITION";
    public static final String ROWOFFSET = "ROWOFFSET";
    public static final String WINDOWSTART = "WINDOWSTART";
    public static final String WINDOWEND = "WINDOWEND";

    /** What every row has without being declared. */
    public static final List<Column> PSEUDO = List.of(new Column(ROWTIME, SqlType.BIGINT),
            new Column(ROWPARTITION, SqlType.INTEGER), new Column(ROWOFFSET, SqlType.BIGINT));
    public static final List<Column> BOUNDS =
            List.of(new Column(WINDOWSTART, SqlType.BIGINT), new Column(WINDOWEND, SqlType.BIGINT));
    /** Names that no column can be declared with. */
    public static final Set<String> RESERVED = Set.of(ROWTIME, ROWPARTITION, ROWOFFSET, WINDOWSTART, WINDOWEND);

    public Schema {
        key = List.copyOf(key);
        value = List.copyOf(value);
    }

    public List<Column> columns() {
        return Stream.concat(key.stream(), value.stream()).toList();
    }

    public boolean hasKey(String name) {
        return key.stream().anyMatch(column -> column.name().equals(name));
    }

    /** In the manner of ksqlDB: {@code `ID` STRING KEY, `V` BIGINT}. */
    public String text(String keyWord) {
        return Stream.concat(key.stream().map(column -> column + " " + keyWord), value.stream().map(Column::toString))
                .collect(Collectors.joining(", "));
    }
}
