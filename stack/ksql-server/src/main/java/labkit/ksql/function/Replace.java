package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class Replace extends Builtin {
    Replace() {
        super("REPLACE", "Puts a string in place of each occurrence of another.",
                Signature.of(STRING, List.of(STRING, STRING, STRING),
                        in -> ((String) in[0]).replace((String) in[1], (String) in[2])));
    }
}
