package labkit.ksql;

import java.io.IOException;
import java.nio.file.Path;
import labkit.ksql.engine.Engine;
import labkit.ksql.engine.ServerConfig;
import labkit.ksql.rest.RestServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the server; its one argument is the file with the settings. */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    private Main() {}

    public static void main(String[] arguments) {
        if (arguments.length != 1) {
            System.err.println("usage: labkit.ksql.Main ksql-server.properties");
            System.exit(2);
        }
        try {
            start(ServerConfig.load(Path.of(arguments[0]), System.getenv()));
        } catch (IOException | RuntimeException error) {
            LOG.error("The server cannot start: {}", error instanceof KsqlException ? error.getMessage()
                    : error.toString(), error);
            System.exit(1);
        }
    }

    private static void start(ServerConfig config) {
        Engine engine = new Engine(config);
        RestServer rest = new RestServer(engine);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            rest.close();
            engine.close();
        }, "shutdown"));
        // Reading goes on by itself: whoever asks is told what the server still waits for.
        engine.start();
        rest.start();
        LOG.info("The server for service {} listens at {}, Kafka is at {}", config.serviceId(), config.listeners(),
                config.bootstrapServers());
    }
}
