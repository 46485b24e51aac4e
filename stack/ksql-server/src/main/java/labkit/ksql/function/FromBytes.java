package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BYTES;
import static labkit.ksql.type.SqlType.STRING;

import java.nio.ByteBuffer;
import java.util.List;

final class FromBytes extends Builtin {
    FromBytes() {
        super("FROM_BYTES", "Bytes as a string of an encoding: hex, utf8, ascii, base64.",
                Signature.of(STRING, List.of(BYTES, STRING),
                        in -> Encoding.of(in[1]).encode(Bytes.of((ByteBuffer) in[0]))));
    }
}
