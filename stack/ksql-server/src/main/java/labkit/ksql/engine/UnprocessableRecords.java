package labkit.ksql.engine;

import java.util.Map;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProcessingExceptionHandler;
import org.apache.kafka.streams.processor.api.Record;

/** Notes rows with which a step of a query failed in the processing log, and goes on; failures of Kafka itself stop. */
public final class UnprocessableRecords implements ProcessingExceptionHandler {
    private QueryLog log;

    @Override
    public void configure(Map<String, ?> settings) {
        log = (QueryLog) settings.get(QueryLog.CONFIG);
    }

    @Override
    public Response handleError(ErrorHandlerContext context, Record<?, ?> record, Exception error) {
        if (error instanceof KafkaException && !(error instanceof SerializationException)) {
            return Response.fail();
        }
        log.dropped(context.processorNodeId(), record.value() instanceof Object[] row ? row
                : new Object[] {record.value()}, error);
        return Response.resume();
    }
}
