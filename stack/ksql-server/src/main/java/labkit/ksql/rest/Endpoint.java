package labkit.ksql.rest;

/** Serves the requests of one path. */
@FunctionalInterface
interface Endpoint {
    /** Answers; what it throws before the answer has begun is answered as an error. */
    void serve(Exchange exchange) throws Exception;
}
