package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class ToJsonString extends Builtin {
    ToJsonString() {
        super("TO_JSON_STRING", "A value of any type as JSON.",
                Signature.generic(types -> STRING, List.of(Parameter.ANY),
                        types -> in -> Json.text(in[0])).withNulls());
    }
}
