package labkit.ksql.engine;

/**
 * What became of a statement that changes something.
 *
 * @param commandId for instance {@code stream/`SALES`/create}
 * @param sequenceNumber its place in the command log, -1 if nothing had to be written
 * @param queryId the persistent query that was made or ended, or null
 */
public record CommandResult(String commandId, long sequenceNumber, String status, String message, String queryId) {
    static CommandResult success(String commandId, long sequenceNumber, String message, String queryId) {
        return new CommandResult(commandId, sequenceNumber, "SUCCESS", message, queryId);
    }
}
