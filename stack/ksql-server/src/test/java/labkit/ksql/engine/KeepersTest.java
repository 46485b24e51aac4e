package labkit.ksql.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.state.HostInfo;
import org.junit.jupiter.api.Test;

class KeepersTest {
    private static final HostInfo HERE = new HostInfo("here", 1);
    private static final HostInfo THERE = new HostInfo("there", 1);
    private static final Set<TopicPartition> ZERO = Set.of(new TopicPartition("t", 0));
    private static final Set<TopicPartition> ONE = Set.of(new TopicPartition("t", 1));

    private record Server(HostInfo hostInfo, Set<String> stateStoreNames, Set<TopicPartition> topicPartitions,
            Set<String> standbyStateStoreNames, Set<TopicPartition> standbyTopicPartitions) implements StreamsMetadata {
        @Override
        public String host() {
            return hostInfo.host();
        }

        @Override
        public int port() {
            return hostInfo.port();
        }
    }

    private static Server active(HostInfo host, Set<TopicPartition> partitions) {
        return new Server(host, Set.of("store"), partitions, Set.of(), Set.of());
    }

    private static Server standby(HostInfo host, Set<TopicPartition> partitions) {
        return new Server(host, Set.of(), Set.of(), Set.of("store"), partitions);
    }

    @Test
    void allThatHaveAPart() {
        Keepers keepers = Keepers.of(List.of(active(HERE, ZERO), active(THERE, ONE)), "store", HERE);
        assertEquals(new Keepers(true, List.of(THERE), Set.of(new TopicPartition("t", 0), new TopicPartition("t", 1))),
                keepers);
    }

    @Test
    void aServerWithoutAPartIsNotRead() {
        assertEquals(new Keepers(false, List.of(THERE), ONE), Keepers.of(List.of(active(THERE, ONE)), "store", HERE));
    }

    @Test
    void aStandbyIsNotAPart() {
        assertEquals(new Keepers(false, List.of(THERE), ZERO),
                Keepers.of(List.of(standby(HERE, ZERO), active(THERE, ZERO)), "store", HERE));
        assertEquals(new Keepers(true, List.of(), ZERO),
                Keepers.of(List.of(active(HERE, ZERO), standby(THERE, ZERO)), "store", HERE));
    }
}
