package labkit.ksql.rest;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import labkit.ksql.ast.Kind;
import labkit.ksql.catalog.Source;
import labkit.ksql.engine.Engine;
import labkit.ksql.engine.PersistentQuery;
import labkit.ksql.engine.ServerConfig;
import labkit.ksql.engine.Topics;
import labkit.ksql.rest.RunningQueries.RunningQuery;

/** What SHOW lists. */
final class Listings {
    /** Topics that SHOW TOPICS leaves out unless it says ALL: the default of ksql.hidden.topics. */
    private static final Pattern HIDDEN = Pattern.compile("_confluent.*|__confluent.*|_schemas"
            + "|__consumer_offsets|__transaction_state|connect-(configs|offsets|status|statuses)");
    private static final Pattern SECRET = Pattern.compile("(?i).*(password|secret|jaas|credential|ssl\\..*\\.key$).*");

    private final Engine engine;
    private final RunningQueries running;

    Listings(Engine engine, RunningQueries running) {
        this.engine = engine;
        this.running = running;
    }

    Entity streams(String text) {
        return new Entity.Streams(text, sources(Kind.STREAM));
    }

    Entity tables(String text) {
        return new Entity.Tables(text, sources(Kind.TABLE));
    }

    private List<Entity.SourceEntry> sources(Kind kind) {
        return engine.catalog().all().stream().filter(source -> source.kind() == kind).map(Listings::entry).toList();
    }

    private static Entity.SourceEntry entry(Source source) {
        return new Entity.SourceEntry(source.kind().name(), source.name(), source.topic(),
                source.keyFormat().toString(), source.valueFormat().toString(), source.window() != null);
    }

    Entity topics(String text, boolean all, boolean extended) {
        List<Topics.Topic> shown = engine.topics().all().stream()
                .filter(topic -> all || !HIDDEN.matcher(topic.name()).matches()).toList();
        if (!extended) {
            return new Entity.KafkaTopics(text, shown.stream()
                    .map(topic -> new Entity.TopicEntry(topic.name(), replicas(topic))).toList());
        }
        Map<String, Topics.Readers> readers = engine.topics().readers();
        return new Entity.ExtendedKafkaTopics(text, shown.stream().map(topic -> {
            Topics.Readers of = readers.getOrDefault(topic.name(), new Topics.Readers(0, 0));
            return new Entity.ExtendedTopicEntry(topic.name(), replicas(topic), of.consumers(), of.groups());
        }).toList());
    }

    private static List<Integer> replicas(Topics.Topic topic) {
        return Collections.nCopies(topic.partitions(), topic.replicas());
    }

    Entity queries(String text) {
        List<Entity.QueryEntry> entries = new ArrayList<>();
        engine.queries().forEach(query -> entries.add(entry(query)));
        running.all().forEach(query -> entries.add(entry(query)));
        return new Entity.Queries(text, entries);
    }

    static Entity.QueryEntry entry(PersistentQuery query) {
        String state = query.state().name();
        return new Entity.QueryEntry(query.text(), List.of(query.sink().name()), List.of(query.sink().topic()),
                query.id(), Map.of(state, 1), "PERSISTENT", state);
    }

    private static Entity.QueryEntry entry(RunningQuery query) {
        return new Entity.QueryEntry(query.text(), List.of(), List.of(), query.id(), Map.of("RUNNING", 1),
                "PUSH", "RUNNING");
    }

    /** The server's settings, those of the session in their place; passwords are not shown. */
    Entity properties(String text, Session session) {
        SortedMap<String, String> settings = new TreeMap<>(engine.config().all());
        SortedMap<String, String> own = session.overrides();
        settings.putAll(own);
        List<Entity.Property> properties = new ArrayList<>();
        settings.forEach((name, value) -> properties.add(new Entity.Property(name,
                name.startsWith(ServerConfig.STREAMS) ? "KAFKA STREAMS" : "KSQL",
                SECRET.matcher(name).matches() ? "[hidden]" : value,
                session.isEditable(name), own.containsKey(name) ? "QUERY" : "SERVER")));
        return new Entity.Properties(text, properties, List.copyOf(own.keySet()), List.of());
    }

    Entity variables(String text, Session session) {
        List<Entity.Variable> variables = new ArrayList<>();
        session.variables().forEach((name, value) ->
                variables.add(new Entity.Variable(name.toLowerCase(Locale.ROOT), value)));
        return new Entity.Variables(text, variables);
    }
}
