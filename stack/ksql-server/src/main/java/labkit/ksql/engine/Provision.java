package labkit.ksql.engine;

import java.util.HashMap;
import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Statement;
import labkit.ksql.catalog.Source;
import labkit.ksql.plan.Declarations;
import labkit.ksql.plan.Plan;

/** The topics that a statement needs: checked, and made where they are missing. */
final class Provision {
    private final Topics topics;

    Provision(Topics topics) {
        this.topics = topics;
    }

    /** For CREATE STREAM or TABLE over a topic. */
    void provide(Source source, Map<String, Object> with) {
        Integer partitions = Declarations.number(with, "PARTITIONS");
        Integer replicas = Declarations.number(with, "REPLICAS");
        Topics.Topic there = topics.find(source.topic()).orElse(null);
        if (there == null && partitions == null) {
            throw new KsqlException("Topic '" + source.topic()
                    + "' does not exist. If you want to create a new topic for the "
                    + source.kind().word()
                    + " please re-run the statement providing the required 'PARTITIONS' configuration"
                    + " in the WITH clause"
                    + " (and optionally 'REPLICAS'). For example: CREATE " + source.kind() + " " + source.name()
                    + " (...) WITH (KAFKA_TOPIC='" + source.topic() + "', PARTITIONS=1);");
        }
        if (there == null) {
            create(source, partitions, replicas, with);
        } else {
            requireSame(there, partitions, replicas);
        }
    }

    /** For a persistent query. */
    void provide(Plan plan, Source sink, Statement statement) {
        requireSources(plan);
        if (!(statement instanceof Statement.CreateAs create)) {
            topic(sink);
            return;
        }
        Map<String, Object> with = create.properties();
        Integer partitions = Declarations.number(with, "PARTITIONS");
        Integer replicas = Declarations.number(with, "REPLICAS");
        Topics.Topic there = topics.find(sink.topic()).orElse(null);
        if (there == null) {
            Topics.Topic leading = topic(plan.inputs().getFirst().source());
            create(sink, partitions == null ? leading.partitions() : partitions, replicas == null
                    ? Integer.valueOf(leading.replicas()) : replicas, with);
        } else {
            requireSame(there, partitions, replicas);
        }
    }

    /** Fails unless all topics that are read exist, and joined ones have equally many partitions. */
    void requireSources(Plan plan) {
        Source leading = plan.inputs().getFirst().source();
        String left = "`" + leading.name() + "`";
        int partitions = topic(leading).partitions();
        for (Plan.Join join : plan.joins()) {
            Source right = join.table().source();
            int tables = topic(right).partitions();
            if (!join.rekey() && partitions != tables) {
                throw new KsqlException("Can't join " + left + " with `" + right.name()
                        + "` since the number of partitions don't match. "
                        + left + " partitions = " + partitions + "; `" + right.name() + "` partitions = " + tables
                        + ". Please repartition either one so that the number of partitions match.");
            }
            partitions = tables;
        }
    }

    private Topics.Topic topic(Source source) {
        return topics.expect(source.topic()).orElseThrow(() -> new KsqlException("The topic '" + source.topic()
                + "' of the "
                + source.kind().word() + " " + source.name() + " does not exist (any more). Create it again, or drop "
                + source.name() + "."));
    }

    private void create(Source source, int partitions, Integer replicas, Map<String, Object> with) {
        Map<String, String> settings = new HashMap<>();
        // Replayed history has old timestamps; by the brokers' default it would be deleted at once.
        settings.put("retention.ms", Declarations.string(with, "RETENTION_MS", "-1"));
        if (source.isTable()) {
            settings.put("cleanup.policy", source.window() == null ? "compact" : "compact,delete");
        }
        topics.create(source.topic(), partitions, replicas, settings);
    }

    private static void requireSame(Topics.Topic there, Integer partitions, Integer replicas) {
        boolean same = (partitions == null || partitions == there.partitions())
                && (replicas == null || replicas == there.replicas());
        if (!same) {
            throw new KsqlException("A Kafka topic with the name '" + there.name()
                    + "' already exists, with different partition/replica configuration than required. KSQL expects "
                    + (partitions == null ? there.partitions() : partitions) + " partitions (topic has "
                    + there.partitions() + "), and "
                    + (replicas == null ? there.replicas() : replicas) + " replication factor (topic has "
                    + there.replicas() + ").");
        }
    }
}
