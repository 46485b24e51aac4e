package labkit.ksql.rest;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** One HTTP/2 request, frame by frame: Java's client reads no answer before it has sent everything. */
final class Http2Stream implements AutoCloseable {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int SETTINGS = 4;
    private static final int END_HEADERS = 4;
    private final Socket socket;
    private final DataOutputStream to;
    private final DataInputStream from;
    private final StringBuilder received = new StringBuilder();

    Http2Stream(int port, String path) throws IOException {
        socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(5000);
        to = new DataOutputStream(socket.getOutputStream());
        from = new DataInputStream(socket.getInputStream());
        to.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        frame(SETTINGS, 0, 0, new byte[0]);
        ByteArrayOutputStream headers = new ByteArrayOutputStream();
        for (String[] header : new String[][] {{":method", "POST"}, {":scheme", "http"}, {":path", path},
                {":authority", "localhost"}}) {
            headers.write(0);
            for (String part : header) {
                headers.write(part.length());
                headers.writeBytes(part.getBytes(StandardCharsets.US_ASCII));
            }
        }
        frame(HEADERS, END_HEADERS, 1, headers.toByteArray());
    }

    void send(String text) throws IOException {
        frame(DATA, 0, 1, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Waits for the answer's next line. */
    String line() throws IOException {
        while (received.indexOf("\n") < 0) {
            int length = from.readUnsignedShort() << 8 | from.readUnsignedByte();
            int type = from.readUnsignedByte();
            from.readUnsignedByte();
            from.readInt();
            byte[] payload = from.readNBytes(length);
            if (type == DATA) {
                received.append(new String(payload, StandardCharsets.UTF_8));
            }
        }
        String line = received.substring(0, received.indexOf("\n"));
        received.delete(0, line.length() + 1);
        return line;
    }

    private void frame(int type, int flags, int stream, byte[] payload) throws IOException {
        to.writeByte(payload.length >> 16);
        to.writeShort(payload.length);
        to.writeByte(type);
        to.writeByte(flags);
        to.writeInt(stream);
        to.write(payload);
        to.flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
