package labkit.ksql.rest;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What became of the last statements that clients sent to this server, for GET /status. */
final class CommandStatuses {
    private static final int REMEMBERED = 1000;
    private final Map<String, Entity.CommandStatus> statuses = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Entity.CommandStatus> eldest) {
            return size() > REMEMBERED;
        }
    };

    synchronized void put(String commandId, Entity.CommandStatus status) {
        statuses.put(plain(commandId), status);
    }

    synchronized Optional<Entity.CommandStatus> find(String commandId) {
        return Optional.ofNullable(statuses.get(plain(commandId)));
    }

    /** The backticks around a name may be left out in a URL. */
    private static String plain(String commandId) {
        return commandId.replace("`", "");
    }
}
