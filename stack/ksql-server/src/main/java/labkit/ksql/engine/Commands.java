package labkit.ksql.engine;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Parsed;
import labkit.ksql.ast.Statement;
import labkit.ksql.catalog.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts statements into the command log, and does what comes out of it, in its order. */
final class Commands implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Commands.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration START = Duration.ofSeconds(10);
    private static final int REMEMBERED = 1000;
    /** Settings that decide what a statement means: they are written down with it. */
    private static final List<String> MEANING = List.of("ksql.persistence.default.format.key",
            "ksql.persistence.default.format.value", "ksql.output.topic.name.prefix");

    private final ServerConfig config;
    private final Topics topics;
    private final CommandLog log;
    private final Fleet fleet;
    private final Provision provision;
    private final Consumer<Metastore> ready;
    private final Object writing = new Object();
    private final Object progress = new Object();
    /** What became of the last commands: a CommandResult, or the reason of the failure. */
    private final Map<Long, Object> outcomes = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Object> eldest) {
            return size() > REMEMBERED;
        }
    };
    private volatile Metastore metastore = new Metastore();
    private volatile boolean live;
    private long position;
    private volatile Thread runner;

    /** {@code ready} is run when the log has been read and the queries were started. */
    Commands(ServerConfig config, Topics topics, Fleet fleet, Consumer<Metastore> ready) {
        this.config = config;
        this.topics = topics;
        this.fleet = fleet;
        this.ready = ready;
        log = new CommandLog(config, topics);
        provision = new Provision(topics);
    }

    void start() {
        runner = Thread.ofPlatform().name("commands").daemon().start(() -> log.follow(this::apply, this::caughtUp));
    }

    Metastore metastore() {
        return metastore;
    }

    /** Why commands are not carried out, or null if they are. */
    String trouble() {
        return log.trouble();
    }

    /** Whether the log has been read once, and the queries were started. */
    boolean live() {
        return live;
    }

    // -- Out of the log ----------------------------------------------------------------------------

    private void apply(long offset, byte[] bytes) {
        Object outcome;
        try {
            Metastore next = metastore.copy();
            outcome = next.apply(offset, Command.read(bytes));
            metastore = next;
            if (live) {
                fleet.follow(next);
            }
        } catch (RuntimeException error) {
            LOG.warn("Command {} cannot be carried out: {}", offset, error.getMessage());
            outcome = error instanceof KsqlException ? error : new KsqlException(error.toString(), error);
        }
        synchronized (progress) {
            outcomes.put(offset, outcome);
            position = offset + 1;
            progress.notifyAll();
        }
    }

    private void caughtUp() {
        LOG.info("The command log has {} commands; {} queries are started", position, metastore.queries().size());
        fleet.follow(metastore);
        synchronized (progress) {
            live = true;
            progress.notifyAll();
        }
        ready.accept(metastore);
    }

    // -- Into the log ------------------------------------------------------------------------------

    /** Checks a statement against what there is, writes it down, and waits until it has been carried out here. */
    CommandResult execute(Parsed statement, Map<String, Object> properties) {
        synchronized (writing) {
            long end = catchUp();
            Command command = command(statement, properties);
            Metastore trial = metastore.copy();
            CommandResult expected = trial.apply(end, command);
            if (expected.sequenceNumber() < 0) {
                return expected;
            }
            Source dropped = statement.statement() instanceof Statement.Drop drop
                    ? metastore.catalog().get(drop.name()) : null;
            prepare(statement.statement(), trial, expected);
            long offset = log.append(expected.commandId(), command);
            await(offset);
            CommandResult result = outcome(offset);
            if (statement.statement() instanceof Statement.Drop drop && drop.deleteTopic()) {
                topics.delete(List.of(dropped.topic()));
            }
            return result;
        }
    }

    private Command command(Parsed statement, Map<String, Object> properties) {
        ServerConfig both = config.withOverrides(properties);
        Map<String, Object> written = new HashMap<>();
        properties.forEach((name, value) -> {
            if (value != null) {
                written.put(Overrides.fullName(name), value);
            }
        });
        MEANING.forEach(name -> {
            if (both.get(name) != null) {
                written.put(name, both.get(name));
            }
        });
        return new Command(Command.VERSION, statement.text(), written);
    }

    /** What cannot be told from the log alone: topics, and whether Kafka Streams takes the query. */
    private void prepare(Statement statement, Metastore trial, CommandResult expected) {
        switch (statement) {
            case Statement.CreateSource create -> provision.provide(trial.catalog().get(create.name()),
                    create.properties());
            case Statement.CreateAs s -> prepareQuery(s, trial, expected);
            case Statement.InsertSelect s -> prepareQuery(s, trial, expected);
            case Statement.Drop drop when drop.deleteTopic() -> requireUnused(metastore.catalog().get(drop.name()),
                    trial);
            default -> { }
        }
    }

    private void prepareQuery(Statement statement, Metastore trial, CommandResult expected) {
        QueryDefinition query = trial.query(expected.queryId()).orElseThrow();
        provision.requireSources(query.plan());
        fleet.make(query).check();
        provision.provide(query.plan(), query.sink(), statement);
    }

    private static void requireUnused(Source dropped, Metastore trial) {
        List<String> others = trial.catalog().all().stream().filter(other -> other.topic().equals(dropped.topic()))
                .map(Source::name).toList();
        if (!others.isEmpty()) {
            throw new KsqlException("Refusing to delete the topic " + dropped.topic() + ": " + others
                    + " use it, too. Drop "
                    + dropped.name() + " without DELETE TOPIC.");
        }
    }

    // -- Waiting -----------------------------------------------------------------------------------

    /** Waits until all that is in the log now has been carried out; returns the log's end. */
    private long catchUp() {
        requireLive();
        if (log.trouble() != null) {
            // Offsets would stand for other commands than those that were read.
            throw new KsqlException(log.trouble());
        }
        long end = log.end();
        await(end - 1);
        return end;
    }

    /** Waits until the log has been read once, and fails if that takes long. One that nobody reads is not waited for. */
    void requireLive() {
        waitFor(() -> live || runner == null, START, "The server has not read its command log yet: ");
    }

    /** Waits until a command of the log has been carried out. */
    void await(long offset) {
        waitFor(() -> position > offset, PATIENCE, "The statement is in the command log (" + offset
                + "), but was not carried out yet: ");
    }

    private void waitFor(BooleanSupplier condition, Duration patience, String what) {
        long deadline = System.nanoTime() + patience.toNanos();
        synchronized (progress) {
            while (!condition.getAsBoolean()) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new KsqlException(what + (log.trouble() == null ? "it takes longer than "
                            + patience.toSeconds() + " s. See the server's log."
                            : log.trouble()));
                }
                try {
                    progress.wait(left);
                } catch (InterruptedException error) {
                    Thread.currentThread().interrupt();
                    throw new KsqlException("Interrupted while waiting for the command log.");
                }
            }
        }
    }

    private CommandResult outcome(long offset) {
        Object outcome;
        synchronized (progress) {
            outcome = outcomes.get(offset);
        }
        if (outcome instanceof KsqlException error) {
            throw new KsqlException(error.getMessage(), error);
        }
        return (CommandResult) outcome;
    }

    @Override
    public void close() {
        log.close();
        try {
            runner.join(Duration.ofSeconds(5));
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }
}
