package labkit.ksql.aggregate;

final class LatestByOffset extends ByOffset {
    LatestByOffset() {
        super("LATEST_BY_OFFSET",
                "The last value to arrive, or an array of the last n; nulls count if ignoreNulls is false.", true);
    }
}
