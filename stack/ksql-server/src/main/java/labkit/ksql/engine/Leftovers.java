package labkit.ksql.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What queries leave behind: internal topics, consumer groups, folders with state. */
final class Leftovers {
    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);
    private final ServerConfig config;
    private final Topics topics;

    Leftovers(ServerConfig config, Topics topics) {
        this.config = config;
        this.topics = topics;
    }

    /** Removes what a query has left; returns false if another server still runs it, or no broker answers. */
    boolean remove(String applicationId) {
        try {
            // First the group: while it has members the state may be in use, here too.
            if (!topics.deleteGroup(applicationId)) {
                return false;
            }
            deleteState(applicationId::equals);
            topics.delete(topics.names().stream().filter(name -> isOf(name, applicationId)).toList());
            return true;
        } catch (RuntimeException error) {
            LOG.warn("What is left of {} could not be removed yet: {}", applicationId, error.getMessage());
            return false;
        }
    }

    /** Removes the state of push queries: none can be running when a server starts. */
    void removeStateOfPushQueries() {
        deleteState(folder -> folder.startsWith(PushQuery.applicationPrefix(config)));
    }

    /**
     * Removes what a server that died could not: things of ended queries, and of push queries that nobody runs. Returns
     * false if something is left: another server uses it, or the brokers do not know yet that the one that did is dead.
     */
    boolean removeAll(Collection<String> endedQueries) {
        try {
            String push = PushQuery.applicationPrefix(config);
            Set<String> ended = endedQueries.stream().map(id -> PersistentQuery.applicationId(config, id))
                    .collect(Collectors.toSet());
            // Another server may have removed all else while this one was down.
            deleteState(ended::contains);
            Set<String> found = new HashSet<>();
            topics.groups().stream().filter(group -> group.startsWith(push) || ended.contains(group))
                    .forEach(found::add);
            for (String topic : topics.names()) {
                int end = topic.startsWith(push) ? topic.indexOf('-', push.length()) : -1;
                if (end > 0) {
                    found.add(topic.substring(0, end));
                }
                ended.stream().filter(id -> isOf(topic, id)).forEach(found::add);
            }
            found.removeIf(this::remove);
            return found.isEmpty();
        } catch (RuntimeException error) {
            LOG.warn("What earlier queries left could not be looked for: {}", error.getMessage());
            return false;
        }
    }

    private static boolean isOf(String topic, String applicationId) {
        return topic.startsWith(applicationId + "-") && (topic.endsWith("-changelog")
                || topic.endsWith("-repartition"));
    }

    private void deleteState(Predicate<String> which) {
        Path root = config.stateDir();
        if (!Files.isDirectory(root)) {
            return;
        }
        try (Stream<Path> folders = Files.list(root)) {
            folders.filter(folder -> which.test(folder.getFileName().toString())).forEach(Leftovers::deleteTree);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static void deleteTree(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (FileSystemException busy) {
            LOG.debug("{} is left: {}", folder, busy.getMessage());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
