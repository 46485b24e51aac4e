package labkit.ksql.engine;

import java.util.Arrays;
import java.util.Map;
import labkit.ksql.topology.ProcessingLog;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;

/** Notes records that cannot be read in the processing log, and goes on. */
public final class UnreadableRecords implements DeserializationExceptionHandler {
    private ProcessingLog log;

    @Override
    public void configure(Map<String, ?> settings) {
        log = (ProcessingLog) settings.get(ProcessingLog.CONFIG);
    }

    @Override
    public Response handleError(ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception error) {
        // Kafka Streams does not say which part it was reading; its stack does.
        boolean isKey = Arrays.stream(error.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("deserializeKey"));
        log.unreadable(record.topic(), record.partition(), record.offset(), isKey, isKey ? record.key()
                : record.value(), error);
        return Response.resume();
    }
}
