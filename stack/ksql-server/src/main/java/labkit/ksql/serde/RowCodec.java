package labkit.ksql.serde;

import java.io.IOException;

/** Writes the columns of a key or a value as bytes, and reads them back. */
public interface RowCodec {
    /** Returns null for a row that is written as no bytes at all. */
    byte[] encode(Object[] row) throws IOException;

    /**
     * Reads bytes that are not null.
     *
     * @throws IOException or a RuntimeException if they are not such a row; the message says why
     */
    Object[] decode(byte[] bytes) throws IOException;
}
