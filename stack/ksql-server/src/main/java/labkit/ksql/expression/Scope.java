package labkit.ksql.expression;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Expression.Reference;
import labkit.ksql.catalog.Schema;
import labkit.ksql.type.SqlType;

/** The columns that an expression may name, each at its place in the row. */
public final class Scope {
    private final List<Entry> entries = new ArrayList<>();

    /** A column of the row; {@code source} is its source's alias, or null if there is only one. */
    public record Entry(String source, String name, SqlType type, int index) {}

    /** Adds a column at the end of the row. */
    public Scope add(String source, String name, SqlType type) {
        entries.add(new Entry(source, name, type, entries.size()));
        return this;
    }

    public List<Entry> entries() {
        return entries;
    }

    public int width() {
        return entries.size();
    }

    /** True if a source of that alias is here. */
    public boolean hasSource(String alias) {
        return entries.stream().anyMatch(entry -> alias.equals(entry.source));
    }

    /**
     * Finds the column that is meant.
     *
     * @throws KsqlException if there is none, or more than one
     */
    public Entry find(Reference reference) {
        List<Entry> found = entries.stream().filter(e -> e.name.equals(reference.name())
                && (reference.source() == null || reference.source().equals(e.source))).toList();
        // Every source has these; the first one's are those of the row.
        if (found.size() == 1 || !found.isEmpty() && Schema.RESERVED.contains(reference.name())) {
            return found.getFirst();
        }
        if (found.isEmpty()) {
            throw new KsqlException(reference.at() + ": Column '" + reference + "' cannot be resolved. There are: "
                    + entries.stream().map(Entry::name).distinct().collect(Collectors.joining(", ")) + "." + fieldHint(reference));
        }
        throw new KsqlException(reference.at() + ": Column '" + reference.name() + "' is ambiguous. Could be "
                + found.stream().map(e -> e.source + "." + e.name).collect(Collectors.joining(" or ")) + ".");
    }

    private String fieldHint(Reference reference) {
        boolean isStruct = reference.source() != null && entries.stream().anyMatch(
                e -> e.name.equals(reference.source()) && e.type instanceof SqlType.StructOf);
        return isStruct ? " A field of a struct is written " + reference.source() + "->" + reference.name() + "." : "";
    }
}
