package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class RegexpReplace extends Builtin {
    RegexpReplace() {
        super("REGEXP_REPLACE",
                "Puts a string in place of each part that matches a pattern; $1 stands for its first group.",
                Signature.of(STRING, List.of(STRING, STRING, STRING),
                        in -> Regex.of(in[1]).matcher((String) in[0]).replaceAll((String) in[2])));
    }
}
