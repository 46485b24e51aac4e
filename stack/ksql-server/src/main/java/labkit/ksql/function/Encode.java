package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class Encode extends Builtin {
    Encode() {
        super("ENCODE", "Writes a string of one encoding in another: hex, utf8, ascii, base64.",
                Signature.of(STRING, List.of(STRING, STRING, STRING),
                        in -> Encoding.of(in[2]).encode(Encoding.of(in[1]).decode((String) in[0]))));
    }
}
