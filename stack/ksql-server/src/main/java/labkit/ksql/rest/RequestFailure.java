package labkit.ksql.rest;

/** A request cannot be served; its body says why. */
final class RequestFailure extends RuntimeException {
    private final transient ErrorBody body;

    RequestFailure(ErrorBody body) {
        super(body.message());
        this.body = body;
    }

    RequestFailure(int code, String message) {
        this(ErrorBody.generic(code, message));
    }

    ErrorBody body() {
        return body;
    }
}
