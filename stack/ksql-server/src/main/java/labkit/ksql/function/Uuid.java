package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BYTES;
import static labkit.ksql.type.SqlType.STRING;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import labkit.ksql.KsqlException;

final class Uuid extends Builtin {
    Uuid() {
        super("UUID", "A new random UUID, or the one that 16 bytes stand for.",
                Signature.of(STRING, List.of(), in -> UUID.randomUUID().toString()),
                Signature.of(STRING, List.of(BYTES), in -> of((ByteBuffer) in[0])));
    }

    private static String of(ByteBuffer bytes) {
        if (bytes.remaining() != 2 * Long.BYTES) {
            throw new KsqlException("UUID: 16 bytes are needed, not " + bytes.remaining() + ".");
        }
        ByteBuffer source = bytes.duplicate();
        return new UUID(source.getLong(), source.getLong()).toString();
    }
}
