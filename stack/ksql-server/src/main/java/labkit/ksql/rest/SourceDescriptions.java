package labkit.ksql.rest;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import labkit.ksql.catalog.Source;
import labkit.ksql.engine.Engine;
import labkit.ksql.engine.PersistentQuery;
import labkit.ksql.engine.Topics;
import org.apache.kafka.common.TopicPartition;

/** What DESCRIBE tells about a stream or table. */
final class SourceDescriptions {
    private final Engine engine;

    SourceDescriptions(Engine engine) {
        this.engine = engine;
    }

    /** {@code extended}: with what only the brokers and the running queries know. */
    Entity.SourceDescription describe(Source source, boolean extended) {
        List<PersistentQuery> readers = engine.queries().stream().filter(query -> reads(query, source)).toList();
        List<PersistentQuery> writers = engine.queries().stream()
                .filter(query -> query.sink().name().equals(source.name())).toList();
        Topics.Topic topic = extended ? engine.topics().find(source.topic()).orElse(null) : null;
        String window = source.window() == null ? null : source.window().type().name();
        return new Entity.SourceDescription(source.name(), window, entries(readers), entries(writers),
                Schemas.fields(source.schema()), source.kind().name(),
                source.timestamp() == null ? "" : source.timestamp().column(),
                extended ? statistics(writers, readers) : "", extended ? errors(writers, readers) : "", extended,
                source.keyFormat().toString(), source.valueFormat().toString(), source.topic(),
                topic == null ? 0 : topic.partitions(), topic == null ? 0 : topic.replicas(), source.text(),
                extended ? writers.stream().map(this::offsets).toList() : List.of(),
                readers.stream().map(query -> query.sink().name()).distinct().sorted().toList(), List.of(), List.of());
    }

    private static boolean reads(PersistentQuery query, Source source) {
        return query.plan().inputs().stream().anyMatch(input -> input.source().name().equals(source.name()));
    }

    private static List<Entity.QueryEntry> entries(List<PersistentQuery> queries) {
        return queries.stream().map(Listings::entry).toList();
    }

    // -- Figures -----------------------------------------------------------------------------------

    private static String statistics(List<PersistentQuery> writers, List<PersistentQuery> readers) {
        List<String> lines = new ArrayList<>();
        for (PersistentQuery query : each(writers, readers)) {
            PersistentQuery.Statistics figures = query.statistics();
            lines.add(query.id() + ": rows read: " + figures.rowsIn() + ", rows written: " + figures.rowsOut()
                    + ", late rows dropped: " + figures.droppedLate());
        }
        return String.join("\n", lines);
    }

    private static String errors(List<PersistentQuery> writers, List<PersistentQuery> readers) {
        List<String> lines = new ArrayList<>();
        for (PersistentQuery query : each(writers, readers)) {
            query.statistics().errors().forEach((reason, count) ->
                    lines.add(query.id() + ": " + reason + ": " + count));
        }
        return String.join("\n", lines);
    }

    private static List<PersistentQuery> each(List<PersistentQuery> writers, List<PersistentQuery> readers) {
        List<PersistentQuery> all = new ArrayList<>(writers);
        readers.stream().filter(query -> !writers.contains(query)).forEach(all::add);
        return all;
    }

    /** How far a query has read each of its topics. */
    private Entity.OffsetSummary offsets(PersistentQuery query) {
        Map<String, List<Entity.Offsets>> topics = new TreeMap<>();
        Map<TopicPartition, Long> committed = engine.topics().committed(query.applicationId());
        Set<String> read = committed.keySet().stream().map(TopicPartition::topic).collect(Collectors.toSet());
        read.stream().filter(engine.topics()::exists).forEach(topic -> {
            Map<TopicPartition, Long> begins = engine.topics().beginnings(topic);
            Map<TopicPartition, Long> ends = engine.topics().ends(topic);
            topics.put(topic, committed.keySet().stream().filter(at -> at.topic().equals(topic))
                    .sorted(Comparator.comparingInt(TopicPartition::partition))
                    .map(at -> new Entity.Offsets(at.partition(), begins.getOrDefault(at, 0L),
                            ends.getOrDefault(at, 0L), committed.get(at)))
                    .toList());
        });
        return new Entity.OffsetSummary(query.applicationId(), topics.entrySet().stream()
                .map(entry -> new Entity.TopicSummary(entry.getKey(), entry.getValue())).toList());
    }
}
