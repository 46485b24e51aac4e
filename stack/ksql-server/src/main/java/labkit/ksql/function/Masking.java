package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import labkit.ksql.KsqlException;
import labkit.ksql.type.SqlType;

/** What MASK and its relatives share: which characters are hidden, and by which others. */
final class Masking {
    private static final List<String> DEFAULTS = List.of("X", "x", "n", "-");

    /** Tells whether the character at an index is hidden, given the number that was passed. */
    @FunctionalInterface
    interface Hidden {
        boolean at(int index, int length, int number);
    }

    private Masking() {}

    /** MASK(text [, upper case, lower case, digits, others]): hides all. */
    static Signature[] all() {
        return signatures(List.of(STRING, STRING, STRING, STRING, STRING), 1, (index, length, number) -> true);
    }

    /** The same with a number of characters behind the text. */
    static Signature[] some(Hidden hidden) {
        return signatures(List.of(STRING, INTEGER, STRING, STRING, STRING, STRING), 2, hidden);
    }

    private static Signature[] signatures(List<SqlType> parameters, int required, Hidden hidden) {
        Signature[] signatures = Builtin.optional(required, STRING, parameters, in -> {
            if (Arrays.asList(in).subList(0, required).contains(null)) {
                return null;
            }
            return mask((String) in[0], required == 1 ? 0 : number((Integer) in[1]), masks(in, required), hidden);
        });
        return Stream.of(signatures).map(Signature::withNulls).toArray(Signature[]::new);
    }

    private static int number(int number) {
        if (number < 0) {
            throw new KsqlException("The number of characters must be 0 or more, not " + number + ".");
        }
        return number;
    }

    private static String[] masks(Object[] in, int first) {
        String[] masks = DEFAULTS.toArray(String[]::new);
        for (int i = first; i < in.length; i++) {
            masks[i - first] = (String) in[i];
        }
        return masks;
    }

    private static String mask(String text, int number, String[] masks, Hidden hidden) {
        StringBuilder masked = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            String mask = masks[Character.isUpperCase(c) ? 0 : Character.isLowerCase(c) ? 1
                    : Character.isDigit(c) ? 2 : 3];
            masked.append(mask == null || !hidden.at(i, text.length(), number) ? String.valueOf(c) : mask);
        }
        return masked.toString();
    }
}
