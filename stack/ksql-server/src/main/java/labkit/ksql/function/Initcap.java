package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.Locale;

final class Initcap extends Builtin {
    Initcap() {
        super("INITCAP", "Writes the first letter of each word in upper case, all others in lower case.",
                Signature.of(STRING, List.of(STRING), in -> capitalize((String) in[0])));
    }

    private static String capitalize(String text) {
        StringBuilder words = new StringBuilder(text.toLowerCase(Locale.ROOT));
        for (int i = 0; i < words.length(); i++) {
            if (i == 0 || Character.isWhitespace(words.charAt(i - 1))) {
                words.setCharAt(i, Character.toUpperCase(words.charAt(i)));
            }
        }
        return words.toString();
    }
}
