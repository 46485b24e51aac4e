package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import labkit.ksql.type.SqlType;

final class RegexpSplitToArray extends Builtin {
    RegexpSplitToArray() {
        super("REGEXP_SPLIT_TO_ARRAY", "Splits at each match of a pattern; an empty one splits into characters.",
                Signature.of(new SqlType.Array(STRING), List.of(STRING, STRING),
                        in -> split((String) in[0], Regex.of(in[1]))));
    }

    static List<String> split(String text, Pattern pattern) {
        return new ArrayList<>(List.of(pattern.split(text, pattern.pattern().isEmpty() ? 0 : -1)));
    }
}
