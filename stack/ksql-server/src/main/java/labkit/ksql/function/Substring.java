package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class Substring extends Builtin {
    Substring() {
        super("SUBSTRING",
                "The part of a string from a position (1 is the first, -1 the last) on, at most of a length.",
                Bytes.too(optional(2, STRING, List.of(STRING, INTEGER, INTEGER), Substring::of)));
    }

    private static String of(Object[] in) {
        String text = (String) in[0];
        int position = (Integer) in[1];
        int start = Math.min(text.length(), position < 0 ? Math.max(0, text.length() + position)
                : Math.max(0, position - 1));
        int rest = text.length() - start;
        return text.substring(start, start + (in.length == 2 ? rest : Math.clamp((Integer) in[2], 0, rest)));
    }
}
