package labkit.ksql.rest;

import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import labkit.ksql.engine.Row;

/** Hands the rows of a query on to its client, until there are no more, or the client has gone. */
final class RowStream {
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final Duration BEAT = Duration.ofSeconds(1);
    private final Rows rows;
    private final Integer limit;
    private final BooleanSupplier stopping;
    private final Outflow out;
    private final ResultWriter writer;
    private long sent;
    private long quietSince = System.nanoTime();

    RowStream(Rows rows, Integer limit, BooleanSupplier stopping, Outflow out, ResultWriter writer) {
        this.rows = rows;
        this.limit = limit;
        this.stopping = stopping;
        this.out = out;
        this.writer = writer;
    }

    void run() throws IOException, InterruptedException {
        writer.begin(rows);
        if (rows.isPush()) {
            writer.flush();
        }
        try {
            if (!copy()) {
                return;
            }
            if (rows.failure() != null) {
                writer.fail(ErrorBody.generic(ErrorBody.SERVER_ERROR, "The query failed: " + rows.failure()));
            } else if (limit != null && sent >= limit) {
                writer.end("Limit Reached");
            } else if (rows.isPush() && stopping.getAsBoolean()) {
                writer.fail(ErrorBody.generic(ErrorBody.NOT_AVAILABLE, "The server stops. Ask again when it is back."));
            } else {
                writer.end("Query Completed");
            }
        } catch (RuntimeException error) {
            // Rows have been sent: what went wrong can only be told behind them.
            writer.fail(Failures.generic(error));
        }
        writer.flush();
        out.finish();
    }

    /** Returns false if the client has gone. Rows that are there together are sent together. */
    private boolean copy() throws IOException, InterruptedException {
        while (!rows.isDone()) {
            Row row = rows.next(LOOK);
            if (row == null) {
                if (out.isGone()) {
                    return false;
                }
                beat();
                continue;
            }
            quietSince = System.nanoTime();
            while (row != null) {
                writer.row(row);
                sent++;
                row = out.isFull() ? null : rows.next(Duration.ZERO);
            }
            writer.flush();
        }
        return true;
    }

    /** Some clients of the older layout give up on an answer that is quiet for long. */
    private void beat() throws IOException {
        if (rows.isPush() && System.nanoTime() - quietSince >= BEAT.toNanos() && writer.beat()) {
            writer.flush();
            quietSince = System.nanoTime();
        }
    }
}
