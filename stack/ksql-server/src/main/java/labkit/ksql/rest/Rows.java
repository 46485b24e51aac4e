package labkit.ksql.rest;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import labkit.ksql.catalog.Column;
import labkit.ksql.engine.PullResult;
import labkit.ksql.engine.PushQuery;
import labkit.ksql.engine.Row;

/** The rows of a query, whether they come from a table once or go on and on. */
interface Rows extends AutoCloseable {
    String id();

    List<Column> columns();

    /** Waits for the next row; returns null if none came. */
    Row next(Duration patience) throws InterruptedException;

    /** True once no more rows can come. */
    boolean isDone();

    /** Why there are no more rows though there should be, or null. */
    String failure();

    /** True if whoever reads may have to wait for rows that do not exist yet. */
    boolean isPush();

    @Override
    void close();

    static Rows of(PushQuery query) {
        return new Rows() {
            @Override
            public String id() {
                return query.id();
            }

            @Override
            public List<Column> columns() {
                return query.columns();
            }

            @Override
            public Row next(Duration patience) throws InterruptedException {
                return query.next(patience);
            }

            @Override
            public boolean isDone() {
                return query.isDone();
            }

            @Override
            public String failure() {
                return query.failure();
            }

            @Override
            public boolean isPush() {
                return true;
            }

            @Override
            public void close() {
                query.close();
            }
        };
    }

    static Rows of(PullResult result) {
        Iterator<List<Object>> rows = result.rows().iterator();
        return new Rows() {
            @Override
            public String id() {
                return result.id();
            }

            @Override
            public List<Column> columns() {
                return result.columns();
            }

            @Override
            public Row next(Duration patience) {
                return rows.hasNext() ? new Row(rows.next(), false) : null;
            }

            @Override
            public boolean isDone() {
                return !rows.hasNext();
            }

            @Override
            public String failure() {
                return null;
            }

            @Override
            public boolean isPush() {
                return false;
            }

            @Override
            public void close() {
                result.close();
            }
        };
    }
}
