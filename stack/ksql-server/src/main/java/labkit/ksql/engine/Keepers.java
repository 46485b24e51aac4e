package labkit.ksql.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.state.HostInfo;

/**
 * The servers that have a part of a table. With more servers than partitions some have none: to ask those is to wait
 * for nothing. A standby replica is no part, because only active stores are read.
 *
 * @param here whether this server is one of them
 * @param partitions what they read
 */
record Keepers(boolean here, List<HostInfo> others, Set<TopicPartition> partitions) {
    /** For a server that is asked for its own part. */
    static final Keepers ALONE = new Keepers(true, List.of(), Set.of());

    static Keepers of(Collection<StreamsMetadata> servers, String store, HostInfo own) {
        boolean here = false;
        List<HostInfo> others = new ArrayList<>();
        Set<TopicPartition> partitions = new HashSet<>();
        for (StreamsMetadata server : servers) {
            if (!server.stateStoreNames().contains(store)) {
                continue;
            }
            partitions.addAll(server.topicPartitions());
            if (server.hostInfo().equals(own)) {
                here = true;
            } else {
                others.add(server.hostInfo());
            }
        }
        return new Keepers(here, others, partitions);
    }
}
