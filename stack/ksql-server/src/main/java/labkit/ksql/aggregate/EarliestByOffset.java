package labkit.ksql.aggregate;

final class EarliestByOffset extends ByOffset {
    EarliestByOffset() {
        super("EARLIEST_BY_OFFSET",
                "The first value to arrive, or an array of the first n; nulls count if ignoreNulls is false.", false);
    }
}
