package labkit.ksql.engine;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import labkit.ksql.KsqlException;
import labkit.ksql.catalog.Column;

/**
 * The rows that a table (or a stream) had when it was asked. They come while one reads, once: a large table is
 * never in memory as a whole. Reading fails with a KsqlException if a row cannot be had any more.
 */
public final class PullResult implements Iterable<List<Object>>, AutoCloseable {
    private final String id;
    private final List<Column> columns;
    private final Iterator<List<Object>> rows;
    private final Runnable end;

    PullResult(String id, List<Column> columns, Iterator<List<Object>> rows, Runnable end) {
        this.id = id;
        this.columns = columns;
        this.rows = rows;
        this.end = end;
    }

    /** All rows of a query that ends by itself. */
    static PullResult of(PushQuery query) {
        return new PullResult(query.id(), query.columns(), new Iterator<>() {
            private Row next;

            @Override
            public boolean hasNext() {
                try {
                    while (next == null && !query.isDone()) {
                        next = query.next(Duration.ofSeconds(1));
                    }
                } catch (InterruptedException error) {
                    Thread.currentThread().interrupt();
                }
                if (next == null && query.failure() != null) {
                    throw new KsqlException("The query has failed: " + query.failure());
                }
                return next != null;
            }

            @Override
            public List<Object> next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                List<Object> row = next.values();
                next = null;
                return row;
            }
        }, query::close);
    }

    public String id() {
        return id;
    }

    /** The columns in the order of the SELECT. */
    public List<Column> columns() {
        return columns;
    }

    public Iterable<List<Object>> rows() {
        return this;
    }

    @Override
    public Iterator<List<Object>> iterator() {
        return rows;
    }

    @Override
    public void close() {
        end.run();
    }
}
