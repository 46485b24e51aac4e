package labkit.ksql.engine;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.TimeoutException;
import labkit.ksql.KsqlException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** The topics of the Kafka cluster. */
public final class Topics implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration VISIBLE = Duration.ofSeconds(3);
    private final Map<String, Object> settings;
    private final String brokers;
    private Admin admin;

    /** A topic as the cluster describes it; {@code replicas} of its first partition. */
    public record Topic(String name, int partitions, int replicas) {}

    Topics(ServerConfig config) {
        brokers = config.bootstrapServers();
        settings = new HashMap<>(config.clients());
        settings.put("client.id", config.internalPrefix() + "admin");
        settings.put("default.api.timeout.ms", (int) PATIENCE.toMillis());
        settings.put("request.timeout.ms", 5000);
        settings.put("reconnect.backoff.max.ms", 1000);
        settings.put("enable.metrics.push", false);
    }

    /** Is made when it is first needed, because even that fails while the brokers' name is not known. */
    private synchronized Admin admin() {
        if (admin == null) {
            try {
                admin = Admin.create(settings);
            } catch (KafkaException error) {
                throw unreachable("connect", error);
            }
        }
        return admin;
    }

    /** The id of the Kafka cluster. */
    public String clusterId() {
        return await(admin().describeCluster().clusterId(), "ask for the cluster's id");
    }

    /** The names of all topics, internal ones of the brokers excepted. */
    public Set<String> names() {
        return await(admin().listTopics().names(), "list the topics");
    }

    /** All topics by name. */
    public Collection<Topic> all() {
        TreeMap<String, Topic> found = new TreeMap<>();
        admin().describeTopics(names()).topicNameValues().forEach((name, future) -> {
            try {
                found.put(name, topic(await(future, "describe the topic " + name)));
            } catch (UnknownTopicOrPartitionException gone) {
                // deleted a moment ago
            }
        });
        return found.values();
    }

    /** How many consumers read a topic now, in how many groups. */
    public record Readers(int consumers, int groups) {}

    /** The readers of each topic that has any. */
    public Map<String, Readers> readers() {
        Map<String, Readers> readers = new HashMap<>();
        await(admin().describeConsumerGroups(groups()).all(), "describe the consumer groups").values()
                .forEach(group -> {
            Map<String, Integer> consumers = new HashMap<>();
            group.members().forEach(member -> member.assignment().topicPartitions().stream().map(TopicPartition::topic)
                    .distinct()
                    .forEach(topic -> consumers.merge(topic, 1, Integer::sum)));
            consumers.forEach((topic, count) -> readers.merge(topic, new Readers(count, 1),
                    (one, other) -> new Readers(one.consumers + other.consumers, one.groups + other.groups)));
        });
        return readers;
    }

    public Optional<Topic> find(String name) {
        try {
            return Optional.of(topic(await(admin().describeTopics(List.of(name)).topicNameValues().get(name),
                    "describe the topic " + name)));
        } catch (UnknownTopicOrPartitionException missing) {
            return Optional.empty();
        } catch (org.apache.kafka.common.errors.InvalidTopicException error) {
            throw new KsqlException("'" + name + "' cannot be the name of a topic: " + error.getMessage());
        }
    }

    /** Finds a topic that should be there: brokers may hear a moment later of one that was just made. */
    Optional<Topic> expect(String name) {
        long deadline = System.nanoTime() + VISIBLE.toNanos();
        Optional<Topic> found = find(name);
        while (found.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            found = find(name);
        }
        return found;
    }

    public boolean exists(String name) {
        return find(name).isPresent();
    }

    private static Topic topic(TopicDescription description) {
        return new Topic(description.name(), description.partitions().size(),
                description.partitions().getFirst().replicas().size());
    }

    /**
     * Makes a topic, unless it is there.
     *
     * @param replicas null for the brokers' default
     */
    public void create(String name, int partitions, Integer replicas, Map<String, String> settings) {
        NewTopic topic = new NewTopic(name, Optional.of(partitions),
                Optional.ofNullable(replicas).map(Integer::shortValue));
        try {
            await(admin().createTopics(List.of(topic.configs(settings))).all(), "create the topic " + name);
            expect(name);
        } catch (TopicExistsException already) {
            // another server was quicker
        } catch (org.apache.kafka.common.errors.ApiException error) {
            throw new KsqlException("The topic '" + name + "' cannot be created: " + error.getMessage());
        }
    }

    /** Deletes those of the topics that exist. */
    public void delete(Collection<String> names) {
        admin().deleteTopics(List.copyOf(names)).topicNameValues().forEach((name, future) -> {
            try {
                await(future, "delete the topic " + name);
            } catch (UnknownTopicOrPartitionException gone) {
                // that is what was wanted
            } catch (org.apache.kafka.common.errors.ApiException error) {
                throw new KsqlException("The topic '" + name + "' cannot be deleted: " + error.getMessage());
            }
        });
    }

    /** Where each partition of a topic ends now. */
    public Map<TopicPartition, Long> ends(String topic) {
        return offsets(topic, OffsetSpec.latest());
    }

    /** The first offset that each partition of a topic still has. */
    public Map<TopicPartition, Long> beginnings(String topic) {
        return offsets(topic, OffsetSpec.earliest());
    }

    private Map<TopicPartition, Long> offsets(String topic, OffsetSpec which) {
        int partitions = find(topic).orElseThrow(() -> new KsqlException("The topic '" + topic + "' does not exist."))
                .partitions();
        Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            wanted.put(new TopicPartition(topic, partition), which);
        }
        Map<TopicPartition, Long> offsets = new HashMap<>();
        await(admin().listOffsets(wanted).all(), "ask for the offsets of " + topic)
                .forEach((at, info) -> offsets.put(at, info.offset()));
        return offsets;
    }

    /** How far a group has come; a partition that it never committed is missing. */
    public Map<TopicPartition, Long> committed(String group) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        await(admin().listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata(),
                "ask for the offsets of the group " + group)
                .forEach((at, offset) -> {
                    if (offset != null) {
                        offsets.put(at, offset.offset());
                    }
                });
        return offsets;
    }

    /** The names of all consumer groups. */
    Set<String> groups() {
        Set<String> groups = new HashSet<>();
        await(admin().listGroups(ListGroupsOptions.forConsumerGroups()).all(), "list the consumer groups")
                .forEach(group -> groups.add(group.groupId()));
        return groups;
    }

    /** Deletes a group that nobody is in; returns false if somebody is. */
    boolean deleteGroup(String group) {
        try {
            await(admin().deleteConsumerGroups(List.of(group)).all(), "delete the group " + group);
            return true;
        } catch (GroupIdNotFoundException gone) {
            return true;
        } catch (GroupNotEmptyException busy) {
            return false;
        }
    }

    /** The settings of a topic that do not have their default. */
    public Map<String, String> settings(String topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Map<String, String> settings = new TreeMap<>();
        await(admin().describeConfigs(List.of(resource)).values().get(resource), "ask for the settings of " + topic)
                .entries()
                .stream().filter(entry -> !entry.isDefault())
                .forEach(entry -> settings.put(entry.name(), entry.value()));
        return settings;
    }

    private <T> T await(KafkaFuture<T> future, String what) {
        try {
            return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException error) {
            if (error.getCause() instanceof org.apache.kafka.common.errors.TimeoutException) {
                throw unreachable(what, error.getCause());
            }
            throw error.getCause() instanceof RuntimeException cause ? cause
                    : new KsqlException("Cannot " + what, error.getCause());
        } catch (TimeoutException error) {
            throw unreachable(what, error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new KsqlException("Interrupted: could not " + what);
        }
    }

    private KsqlException unreachable(String what, Throwable cause) {
        return new KsqlException("Could not " + what + ": no Kafka broker answers at " + brokers
                + ". Try again when it is back.", cause);
    }

    @Override
    public synchronized void close() {
        if (admin != null) {
            admin.close(Duration.ofSeconds(1));
        }
    }
}
