package labkit.ksql.engine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {
    @TempDir
    private Path state;

    /** Without brokers: whatever has to be asked of Kafka fails at once. */
    private Leftovers leftovers() {
        ServerConfig config = ServerConfig.of(Map.of("ksql.service.id", "s_", "ksql.streams.state.dir", state.toString(),
                "bootstrap.servers", "no.such.host.invalid:1"));
        return new Leftovers(config, new Topics(config));
    }

    private Path folder(String name) throws IOException {
        Path folder = state.resolve("_confluent-ksql-s_" + name);
        Files.createDirectories(folder.resolve("0_0/rocksdb"));
        Files.writeString(folder.resolve("0_0/.checkpoint"), "0");
        return folder;
    }

    @Test
    void stateOfQueriesThatEndedWhileTheServerWasDownGoes() throws IOException {
        Path ended = folder("query_CTAS_A_1");
        Path running = folder("query_CTAS_A_12");
        assertFalse(leftovers().removeAll(Set.of("CTAS_A_1")), "it has to be tried again");
        assertFalse(Files.exists(ended));
        assertTrue(Files.exists(running));
    }

    @Test
    void stateStaysWhileTheGroupMayHaveMembers() throws IOException {
        Path used = folder("transient_1");
        assertFalse(leftovers().remove("_confluent-ksql-s_transient_1"));
        assertTrue(Files.exists(used));
    }

    @Test
    void aStartFindsNoPushQueryRunning() throws IOException {
        Path push = folder("transient_1");
        Path persistent = folder("query_CTAS_A_1");
        leftovers().removeStateOfPushQueries();
        assertFalse(Files.exists(push));
        assertTrue(Files.exists(persistent));
    }
}
