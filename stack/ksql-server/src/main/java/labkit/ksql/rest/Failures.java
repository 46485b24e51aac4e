package labkit.ksql.rest;

import java.util.List;
import java.util.concurrent.TimeoutException;
import labkit.ksql.KsqlException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what was thrown into what is answered. */
final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private Failures() {}

    /** For a failure that has to do with no statement. */
    static ErrorBody generic(Throwable error) {
        return error instanceof RequestFailure failure ? failure.body()
                : ErrorBody.generic(code(error, ErrorBody.BAD_REQUEST), message(error));
    }

    /** For a statement that failed after others had been carried out. */
    static ErrorBody ofStatement(Throwable error, String text, List<Entity> before) {
        return error instanceof RequestFailure failure ? failure.body()
                : ErrorBody.statement(code(error, ErrorBody.BAD_STATEMENT), message(error), text, before);
    }

    private static int code(Throwable error, int blame) {
        if (isOfKafka(error)) {
            return ErrorBody.NOT_AVAILABLE;
        }
        return error instanceof KsqlException ? blame : ErrorBody.SERVER_ERROR;
    }

    /** True if Kafka does not answer as it should: the same request may do well later. */
    private static boolean isOfKafka(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            boolean missing = cause instanceof UnknownTopicOrPartitionException;
            if (cause instanceof RetriableException && !missing || cause instanceof TimeoutException) {
                return true;
            }
        }
        return false;
    }

    private static String message(Throwable error) {
        if (error instanceof KsqlException || isOfKafka(error)) {
            return error.getMessage();
        }
        LOG.error("A request failed for a reason that nobody foresaw", error);
        return "The server failed: " + error + ". Its log says where.";
    }
}
