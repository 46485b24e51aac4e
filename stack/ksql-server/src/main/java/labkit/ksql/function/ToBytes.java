package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BYTES;
import static labkit.ksql.type.SqlType.STRING;

import java.nio.ByteBuffer;
import java.util.List;

final class ToBytes extends Builtin {
    ToBytes() {
        super("TO_BYTES", "The bytes that a string of an encoding (hex, utf8, ascii, base64) stands for.",
                Signature.of(BYTES, List.of(STRING, STRING),
                        in -> ByteBuffer.wrap(Encoding.of(in[1]).decode((String) in[0]))));
    }
}
