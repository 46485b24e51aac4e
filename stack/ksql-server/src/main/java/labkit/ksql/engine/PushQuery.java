package labkit.ksql.engine;

import java.time.Duration;
import java.util.List;
import labkit.ksql.catalog.Column;

/** A query whose rows go to whoever asked, as they come, until it is closed. */
public final class PushQuery implements AutoCloseable {
    public String id() {
        throw new UnsupportedOperationException();
    }

    /** The columns in the order of the SELECT. */
    public List<Column> columns() {
        throw new UnsupportedOperationException();
    }

    /** Waits for the next row; returns null if none came. */
    public Row next(Duration patience) throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    /** True once all rows were taken and no more can come: the limit was reached, or the query has ended or failed. */
    public boolean isDone() {
        throw new UnsupportedOperationException();
    }

    /** Why it ended before its time, or null. */
    public String failure() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
