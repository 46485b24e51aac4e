package labkit.ksql.rest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.engine.Engine;

/** What the server tells about itself. It says what it is: clients that read the version go on, nobody is deceived. */
final class ServerInfo {
    static final String VERSION = "0.29.0-labkit";
    static final String IMPLEMENTATION = "lab kit's ksqlDB-compatible server on Kafka Streams " + org.apache.kafka.streams.KafkaStreams.class
            .getPackage().getImplementationVersion();
    private final Engine engine;

    ServerInfo(Engine engine) {
        this.engine = engine;
    }
}
