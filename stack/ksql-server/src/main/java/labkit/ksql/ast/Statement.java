package labkit.ksql.ast;

import java.util.List;
import java.util.Map;
import labkit.ksql.type.SqlType;

/** A statement as it was written. */
public sealed interface Statement permits Query, Statement.CreateSource, Statement.CreateAs, Statement.InsertSelect,
        Statement.InsertValues, Statement.Drop, Statement.Terminate, Statement.Pause, Statement.Resume,
        Statement.SetProperty, Statement.UnsetProperty, Statement.Define, Statement.Undefine, Statement.Show,
        Statement.DescribeFunction, Statement.DescribeAll, Statement.Describe, Statement.Explain, Statement.Print {

    enum Role { KEY, PRIMARY_KEY, VALUE }

    record Element(String name, SqlType type, Role role) {}

    /** CREATE STREAM or TABLE over a topic; {@code properties} have upper-case names and literal values. */
    record CreateSource(Kind kind, String name, List<Element> elements, Map<String, Object> properties,
            boolean orReplace, boolean ifNotExists, boolean readOnly) implements Statement {}

    record CreateAs(Kind kind, String name, Map<String, Object> properties, Query query,
            boolean orReplace, boolean ifNotExists) implements Statement {}

    record InsertSelect(String target, Map<String, Object> properties, Query query) implements Statement {}

    /** {@code columns} is empty if none were named: then all, in order. */
    record InsertValues(String target, List<String> columns, List<Expression> values) implements Statement {}

    record Drop(Kind kind, String name, boolean ifExists, boolean deleteTopic) implements Statement {}

    /** {@code queryId} is null for all queries; the same goes for the next two. */
    record Terminate(String queryId) implements Statement {}

    record Pause(String queryId) implements Statement {}

    record Resume(String queryId) implements Statement {}

    record SetProperty(String name, String value) implements Statement {}

    record UnsetProperty(String name) implements Statement {}

    record Define(String name, String value) implements Statement {}

    record Undefine(String name) implements Statement {}

    enum Subject { STREAMS, TABLES, TOPICS, QUERIES, PROPERTIES, FUNCTIONS, VARIABLES }

    record Show(Subject subject, boolean all, boolean extended) implements Statement {}

    record DescribeFunction(String name) implements Statement {}

    record DescribeAll(Kind kind, boolean extended) implements Statement {}

    record Describe(String name, boolean extended) implements Statement {}

    /** Either the id of a running query or a statement. */
    record Explain(String queryId, Parsed statement) implements Statement {}

    /** {@code every}: only each n-th record; {@code limit} may be null. */
    record Print(String topic, boolean fromBeginning, int every, Integer limit) implements Statement {}
}
