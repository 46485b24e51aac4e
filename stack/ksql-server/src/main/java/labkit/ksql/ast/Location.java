package labkit.ksql.ast;

/**
 * Where something stands in the text of a statement; both count from 1.
 *
 * <p>All locations are equal, so that two expressions are, wherever they stand: {@code SELECT a+b ... GROUP BY a+b}.
 */
public record Location(int line, int column) {
    @Override
    public boolean equals(Object other) {
        return other instanceof Location;
    }

    @Override
    public int hashCode() {
        return 0;
    }

    @Override
    public String toString() {
        return "line " + line + ":" + column;
    }
}
