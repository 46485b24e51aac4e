package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BOOLEAN;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class IsJsonString extends Builtin {
    IsJsonString() {
        super("IS_JSON_STRING", "Whether a string is valid JSON.",
                Signature.of(BOOLEAN, List.of(STRING), in -> in[0] != null && Json.parse(in[0]) != null).withNulls());
    }
}
