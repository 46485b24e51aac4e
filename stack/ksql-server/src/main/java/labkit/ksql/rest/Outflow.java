package labkit.ksql.rest;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

/**
 * An answer that is written bit by bit, and may be quiet for days in between: the connection is not cut for that.
 * What is written goes out with the next flush, which waits for a client that is slow to read.
 */
final class Outflow {
    private static final int BATCH = 64 << 10;
    private final Response response;
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream(1024);
    /** Null over HTTP/2, where a client that goes says so. */
    private final EndPoint endPoint;
    private volatile boolean gone;
    /** Something was sent behind the request while it was being answered; after that the connection is of no use. */
    private boolean swallowed;

    Outflow(Request request, Response response) {
        this.response = response;
        boolean http2 = request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_2;
        endPoint = http2 ? null : request.getConnectionMetaData().getConnection().getEndPoint();
        request.addFailureListener(failure -> gone = true);
    }

    OutputStream stream() {
        return waiting;
    }

    void write(String text) {
        waiting.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    boolean isFull() {
        return waiting.size() >= BATCH;
    }

    /** Sends what was written, or at first at least the headers. */
    void flush() throws IOException {
        send(false);
    }

    void finish() throws IOException {
        send(true);
        if (swallowed) {
            endPoint.close();
        }
    }

    private void send(boolean last) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(waiting.toByteArray());
        waiting.reset();
        Content.Sink.write(response, last, bytes);
    }

    /**
     * True once the client has closed the connection. Nothing is written to find that out: over HTTP/1.1 it means to
     * look whether the socket has come to its end.
     */
    boolean isGone() {
        if (!gone && endPoint != null) {
            try {
                int count = endPoint.fill(ByteBuffer.allocate(1024).flip());
                gone = count < 0 || !endPoint.isOpen();
                swallowed |= count > 0;
            } catch (IOException error) {
                gone = true;
            }
        }
        return gone;
    }
}
