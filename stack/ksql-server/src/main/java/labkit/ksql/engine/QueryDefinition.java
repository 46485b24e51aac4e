package labkit.ksql.engine;

import java.util.Map;
import labkit.ksql.catalog.Source;
import labkit.ksql.plan.Definition;
import labkit.ksql.plan.Plan;

/** A persistent query as the command log describes it; {@code properties} came with its statement. */
record QueryDefinition(String id, String text, Definition definition, Map<String, Object> properties, boolean paused) {
    Plan plan() {
        return definition.plan();
    }

    Source sink() {
        return definition.sink();
    }

    boolean reads(String source) {
        return plan().inputs().stream().anyMatch(input -> input.source().name().equals(source));
    }

    QueryDefinition withPaused(boolean now) {
        return new QueryDefinition(id, text, definition, properties, now);
    }
}
