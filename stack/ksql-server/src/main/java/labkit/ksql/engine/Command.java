package labkit.ksql.engine;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import labkit.ksql.KsqlException;

/**
 * An entry of the command log.
 *
 * @param version of the format; a server refuses what is newer than it knows
 * @param properties what the request set, and those of the server's that decide what the statement means
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record Command(
        @JsonProperty("version") int version,
        @JsonProperty("statement") String statement,
        @JsonProperty("properties") Map<String, Object> properties) {
    static final int VERSION = 1;
    private static final ObjectMapper JSON = new ObjectMapper();

    Command {
        properties = properties == null ? Map.of() : Map.copyOf(properties);
    }

    byte[] write() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    static Command read(byte[] bytes) {
        try {
            Command command = JSON.readValue(bytes, Command.class);
            if (command.version > VERSION) {
                throw new KsqlException("The command has format " + command.version
                        + ", but this server knows formats up to " + VERSION
                        + ": a newer server wrote it.");
            }
            return command;
        } catch (IOException | IllegalArgumentException error) {
            throw new KsqlException("The command log holds something that is not a command: " + error.getMessage(),
                    error);
        }
    }
}
