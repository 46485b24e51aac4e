package labkit.ksql.engine;

import java.util.List;
import labkit.ksql.catalog.Column;

/** The rows that a table (or a stream) had when it was asked. */
public record PullResult(String id, List<Column> columns, List<List<Object>> rows) {}
