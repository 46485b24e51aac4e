package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import labkit.ksql.type.SqlType;

final class Split extends Builtin {
    Split() {
        super("SPLIT", "Splits at each occurrence of a delimiter; an empty one splits into characters.",
                Bytes.too(Signature.of(new SqlType.Array(STRING), List.of(STRING, STRING), in ->
                        RegexpSplitToArray.split((String) in[0], Regex.literal(in[1])))));
    }
}
