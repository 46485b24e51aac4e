package labkit.ksql.engine;

import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProductionExceptionHandler;

/** Notes records that no broker takes in the processing log, and goes on; if it is the broker's fault, tries again. */
public final class UnwritableRecords implements ProductionExceptionHandler {
    private QueryLog log;

    @Override
    public void configure(Map<String, ?> settings) {
        log = (QueryLog) settings.get(QueryLog.CONFIG);
    }

    @Override
    public Response handleError(ErrorHandlerContext context, ProducerRecord<byte[], byte[]> record, Exception error) {
        if (error instanceof RetriableException) {
            return Response.retry();
        }
        if (error instanceof RecordTooLargeException || error instanceof RecordBatchTooLargeException
                || error instanceof InvalidTimestampException) {
            log.unwritable(record.topic(), error);
            return Response.resume();
        }
        return Response.fail();
    }

    @Override
    public Response handleSerializationError(ErrorHandlerContext context,
            @SuppressWarnings("rawtypes") ProducerRecord record,
            Exception error, SerializationExceptionOrigin origin) {
        log.unserializable(record.topic(), origin == SerializationExceptionOrigin.KEY, error);
        return Response.resume();
    }
}
