package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.regex.Pattern;

final class Chr extends Builtin {
    private static final Pattern ESCAPES = Pattern.compile("(\\\\u[0-9a-fA-F]{4})+");

    Chr() {
        super("CHR", "The character of a code point, given as a number or as an escape like \\u004b.",
                Signature.of(STRING, List.of(INTEGER), in -> character((Integer) in[0])),
                Signature.of(STRING, List.of(STRING), in -> character((String) in[0])));
    }

    private static String character(int code) {
        return Character.isValidCodePoint(code) ? Character.toString(code) : null;
    }

    private static String character(String escapes) {
        if (!ESCAPES.matcher(escapes).matches()) {
            return null;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < escapes.length(); i += 6) {
            text.append((char) Integer.parseInt(escapes.substring(i + 2, i + 6), 16));
        }
        return text.codePointCount(0, text.length()) == 1 ? text.toString() : null;
    }
}
